import type { Numerics } from "../base/numerics.js";
import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import { JUDGING, SIDES } from "../options/check.js";
import { COMPARISON } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues, settle } from "../options/validate.js";
import type { Bounds } from "../runtime/bounds.js";
import { createChecker } from "../runtime/check.js";
import { type CheckerOptions, optionsFor } from "../runtime/checker-options.js";
import type { ComparisonReport } from "../runtime/comparison-report.js";
import type { FeedSet } from "../runtime/feeds.js";
import { compareLayers } from "../runtime/layers.js";
import { objectionToLoading, predict } from "../runtime/prediction.js";
import type { Runtime, RuntimeModel, RuntimeTensor, Session } from "../runtime/runtime.js";
import { assertProvider, onSide, type Side } from "../runtime/sides.js";
import { splitBatches } from "../runtime/split-batches.js";
import { classNumbers, compareTopK } from "../runtime/top-k.js";
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
export interface CheckOptions extends ComparisonOptions, OptionsOf<typeof JUDGING>, OptionsOf<typeof SIDES> {
  /** How close the outputs must be. Default "rounding". */
  readonly numerics?: Numerics;
  /** The class of each sample, in the order of `data`, for topK; without it, the labels that `data` has. */
  readonly labels?: RuntimeTensor;
}

/**
 * Compares model `b` with `a` in onnxruntime, output by output, with its own optimizations off unless a level is given. A `b`
 * that does not run differs; where `a` does not run, nothing is said ("unchecked"). Throws NormfoldError as optimize does, and
 * "unsupported" where there is no such provider here.
 */
export async function check(a: Model, b: Model, options: CheckOptions = {}): Promise<ComparisonReport> {
  assertModel(a);
  assertModel(b);
  for (const table of [JUDGING, SIDES]) assertValues(table, options);
  const { data: given, topK } = options;
  // Labelled data comes in one array, and many classifiers take one sample at a time.
  const data = given === undefined || topK === undefined ? given : splitBatches(a, given);
  const settings = checkerSettings(a, { ...options, ...defined({ data }) });
  const unloadable = objectionToLoading(b);
  if (unloadable !== undefined) throw unloadable;
  const { provider, level, resultProvider = provider, resultLevel = level } = options;
  const originalSide: Side = defined({ provider, level });
  const resultSide: Side = defined({ provider: resultProvider, level: resultLevel });
  const runtime = await lazyRuntime(a, options)();
  for (const side of [originalSide, resultSide]) await assertProvider(runtime, side.provider);
  const [left, right] = [onSide(runtime, originalSide), onSide(runtime, resultSide)];
  const bounds = boundsOf(options);
  const original = await stage(a, options);
  try {
    const limits = defined({ bounds });
    const checker = await createChecker(original.model, {
      ...settings(left),
      resultRuntime: right,
      ...limits,
    });
    const result = await stage(b, options);
    try {
      const report = await checker.compare(result.model, options.numerics ?? "rounding", undefined, b);
      // Where a model does not run, there is nothing to look at.
      const { sets } = report.sets.length === 0 ? { sets: [] } : checker;
      const layers =
        options.layers && sets.length > 0
          ? await compareLayers(
              { model: a, runtime: left },
              { model: b, runtime: right },
              {
                sets,
                seed: report.seed,
                stage: (copy) => stage(copy, options),
                ...limits,
                ...defined({ signal: options.signal }),
              },
            )
          : undefined;
      const classes =
        topK !== undefined && sets.length > 0
          ? await withSessions(left, original.model, right, result.model, (x, y) =>
              compareTopK(x, y, sets, topK, labelsOf(options.labels, data)),
            )
          : undefined;
      return { ...report, bounds, originalSide, resultSide, layers, topK: classes };
    } finally {
      await result.dispose();
      await checker.close();
    }
  } finally {
    await original.dispose();
  }
}

/** The tolerance that is given; the part of it that is not is zero. */
function boundsOf({ atol, rtol }: CheckOptions): Bounds | undefined {
  return atol === undefined && rtol === undefined ? undefined : { atol: atol ?? 0, rtol: rtol ?? 0 };
}

/** The class of each sample: the labels that are given, or those that the data has. */
function labelsOf(
  given: RuntimeTensor | undefined,
  data: readonly FeedSet[] = [],
): ArrayLike<number> | undefined {
  if (given !== undefined) return classNumbers(given);
  const own = data.flatMap(({ labels }) => (labels === undefined ? [] : [...classNumbers(labels)]));
  return own.length === 0 ? undefined : own;
}

async function withSessions<T>(
  left: Runtime,
  a: RuntimeModel,
  right: Runtime,
  b: RuntimeModel,
  use: (a: Session, b: Session) => Promise<T>,
): Promise<T> {
  const first = await left.open(a);
  try {
    const second = await right.open(b);
    try {
      return await use(first, second);
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
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
  const prediction = predict(model, memoryFor(summary, options), summary.parameterBytes);
  return (runtime) => ({
    ...optionsFor(model, { runtime, seed, probes, stage: (copy) => stage(copy, options) }),
    ...defined({ feeds: data, shapes: inputShapes, signal }),
    ...prediction,
  });
}
