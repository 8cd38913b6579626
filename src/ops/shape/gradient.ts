import { type GradientRule, type GradientTable, NO_GRADIENT } from "../../rules/gradient-rule.js";
import { reshapeLike } from "../../rules/gradient-support.js";

/** The same elements in another shape. */
const view: GradientRule = (c) => {
  const g = c.grad(0);
  return [g === undefined ? undefined : reshapeLike(c, g, c.input(0))];
};

export const shapeGradients: GradientTable = {
  Reshape: view,
  Flatten: view,
  Squeeze: view,
  Unsqueeze: view,
  Shape: NO_GRADIENT,
  Size: NO_GRADIENT,
};
