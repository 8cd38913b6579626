import { isRefusal, type Refusal } from "../base/refusal.js";
import type { ReferenceTensor } from "../float64/tensor.js";
import type { Model } from "../ir/model.js";
import { evaluateReference } from "./evaluate.js";

/** How far a runtime's output is from the reference, in units of the reference's largest finite magnitude. */
export interface Distance {
  /** Largest absolute difference. Infinity where one has a number and the other NaN or an infinity. */
  readonly max: number;
  /** Root of the mean squared difference. */
  readonly rms: number;
}

/** The accuracy of one output of two models that should compute the same. */
export interface OutputAccuracy {
  /** The name of the output. */
  readonly name: string;
  /** Largest finite magnitude of the reference; distances are absolute where it is 0. */
  readonly magnitude: number;
  /** The original's distance; undefined: the output was not given, or has other dims than the reference. */
  readonly original: Distance | undefined;
  /** The result's distance, as for the original. */
  readonly result: Distance | undefined;
}

/** The outputs of the two models whose accuracy is measured. */
export interface RunOutputs {
  /** Outputs of the original and of the rewritten model in a runtime, by name, on the same feeds. */
  readonly original: ReadonlyMap<string, ReferenceTensor>;
  readonly result: ReadonlyMap<string, ReferenceTensor>;
}

/**
 * Says how far a runtime's outputs of the original model and of its rewritten form each are from the real function, which
 * is the float64 evaluation of the ORIGINAL model (evaluateReference). Outputs are judged by name, in the original's
 * order; those that neither map holds are left out and not computed.
 *
 * Returns the refusal of evaluateReference where the original has no reference, and throws as it does.
 */
export function measureAccuracy(
  original: Model,
  feeds: ReadonlyMap<string, ReferenceTensor>,
  outputs: RunOutputs,
): readonly OutputAccuracy[] | Refusal {
  const names = original.graph.outputs
    .map((value) => value.name)
    .filter((name) => outputs.original.has(name) || outputs.result.has(name));
  const references = evaluateReference(original, feeds, { outputs: names });
  if (isRefusal(references)) return references;
  return [...references].map(([name, reference]) => {
    const magnitude = magnitudeOf(reference.data);
    return {
      name,
      magnitude,
      original: distance(outputs.original.get(name), reference, magnitude),
      result: distance(outputs.result.get(name), reference, magnitude),
    };
  });
}

/** The largest finite magnitude; 0 when there is none. */
function magnitudeOf(values: Float64Array): number {
  let largest = 0;
  for (const value of values) {
    const magnitude = Math.abs(value);
    if (magnitude > largest && magnitude < Infinity) largest = magnitude;
  }
  return largest;
}

function distance(
  output: ReferenceTensor | undefined,
  reference: ReferenceTensor,
  magnitude: number,
): Distance | undefined {
  if (output === undefined || String(output.dims) !== String(reference.dims)) return undefined;
  const unit = magnitude === 0 ? 1 : magnitude;
  const { data } = reference;
  let max = 0;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const difference = differenceOf(output.data[i] ?? 0, data[i] ?? 0) / unit;
    if (difference > max) max = difference;
    squares += difference * difference;
  }
  return { max, rms: data.length === 0 ? 0 : Math.sqrt(squares / data.length) };
}

function differenceOf(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const difference = Math.abs(a - b);
  return Number.isNaN(difference) ? Infinity : difference;
}
