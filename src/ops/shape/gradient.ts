import type { FacetTable } from "../../rules/facet.js";
import { type GradientRule, NO_GRADIENT } from "../../rules/gradient/rule.js";
import { reshapeLike } from "../../rules/gradient/support.js";
import type { OPERATORS } from "./operators.js";

/** The same elements in another shape. */
const view: GradientRule = (c) => {
  const g = c.grad(0);
  return [g === undefined ? undefined : reshapeLike(c, g, c.input(0))];
};

const identity: GradientRule = (c) => [c.grad(0)];

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  Flatten: view,
  Identity: identity,
  Reshape: view,
  Shape: NO_GRADIENT,
  Size: NO_GRADIENT,
  Squeeze: view,
  Unsqueeze: view,
};
