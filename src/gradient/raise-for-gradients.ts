import type { Model } from "../ir/model.js";
import { raiseOpset } from "../opset/raise.js";

/** From this operator set on, axes are inputs everywhere; the gradient rules are written for it. */
export const GRADIENT_OPSET = 18;

/** Raises a model below opset 18 to it, in place. Throws "unsupported" where it cannot be raised. */
export function raiseForGradients(model: Model): void {
  if ((model.opset() ?? 0) < GRADIENT_OPSET) raiseOpset(model, GRADIENT_OPSET);
}
