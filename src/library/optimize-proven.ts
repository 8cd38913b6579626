import type { Model } from "../ir/model.js";
import { errors } from "./errors.js";
import { type OptimizeReport, optimize } from "./optimize.js";

/** Optimizes as `optimize` does, and throws NormfoldError "check" where the result is not proven to be equal. */
export async function optimizeProven(
  model: Model,
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  const folded = await optimize(model);
  const { check } = folded.report;
  if (check?.status !== "equal") throw errors.foldedModelIsNotProven(check?.reason ?? "it was not compared");
  return folded;
}
