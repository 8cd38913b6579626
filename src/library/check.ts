import type { Numerics } from "../base/numerics.js";
import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import { COMPARISON } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import { settle } from "../options/validate.js";
import { createChecker } from "../runtime/check.js";
import type { CheckReport } from "../runtime/check-report.js";
import { type CheckerOptions, optionsFor } from "../runtime/checker-options.js";
import type { FeedSet } from "../runtime/feeds.js";
import { objectionTo, objectionToLoading } from "../runtime/prediction.js";
import type { Runtime } from "../runtime/runtime.js";
import { assertDataFits, assertShapesFit } from "./fit.js";
import { assertModel } from "./model-argument.js";
import { lazyRuntime, memoryFor, type RuntimeOptions, stage } from "./staging.js";
import { summarize } from "./summary.js";

/** The inputs that two models are compared on, and where they run. */
export interface ComparisonOptions extends OptionsOf<typeof COMPARISON>, RuntimeOptions {
  /** Inputs to compare on. Without them they are generated: two sets, several sizes per symbolic dimension. */
  readonly data?: readonly FeedSet[];
  /** Ends it at the next chance, with the signal's reason as the error. */
  readonly signal?: AbortSignal;
}

/** How two models are compared. */
export interface CheckOptions extends ComparisonOptions {
  /** How close the outputs must be. Default "rounding". */
  readonly numerics?: Numerics;
}

/**
 * Compares model `b` with `a` in onnxruntime, output by output, with its own optimizations off. A `b` that does not run
 * differs; where `a` does not run, nothing is said ("unchecked"). Throws NormfoldError as optimize does.
 */
export async function check(a: Model, b: Model, options: CheckOptions = {}): Promise<CheckReport> {
  assertModel(a);
  assertModel(b);
  const settings = checkerSettings(a, options);
  const unloadable = objectionToLoading(b);
  if (unloadable !== undefined) throw unloadable;
  const original = await stage(a, options);
  try {
    const checker = await createChecker(original.model, settings(await lazyRuntime(a, options)()));
    const result = await stage(b, options);
    try {
      return await checker.compare(result.model, options.numerics ?? "rounding", undefined, b);
    } finally {
      await result.dispose();
      await checker.close();
    }
  } finally {
    await original.dispose();
  }
}

/** What a check needs to know beside the runtime. Throws "usage" and "invalid" where options and data do not fit the original. */
export function checkerSettings(
  model: Model,
  options: ComparisonOptions,
  probes: readonly string[] = [],
): (runtime: Runtime) => CheckerOptions {
  const { data, signal } = options;
  assertShapesFit(model, options.inputShapes);
  const { seed, inputShapes } = settle(COMPARISON, options);
  assertDataFits(model, data);
  const summary = summarize(model);
  const objection = objectionTo(model, memoryFor(summary, options), summary.parameterBytes);
  return (runtime) => ({
    ...optionsFor(model, { runtime, seed, probes, stage: (copy) => stage(copy, options) }),
    ...defined({ feeds: data, shapes: inputShapes, signal }),
    objection,
  });
}
