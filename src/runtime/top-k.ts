import { isFloat } from "../ir/dtype.js";
import { decodeNumbers } from "../ir/tensor.js";
import { numbersOf } from "./compare.js";
import { errors } from "./errors.js";
import type { FeedSet } from "./feeds.js";
import { type RuntimeTensor, type Session, type TensorMap, tensorSize } from "./runtime.js";

/** How often a model finds the class of a sample. */
export interface Accuracy {
  /** The share of samples whose label is the best class. */
  readonly top1: number;
  /** The share of samples whose label is among the k best classes. */
  readonly topK: number;
}

/** How two classifiers agree. */
export interface TopKReport {
  /** The output with the scores: the first of float [N, classes]. */
  readonly output: string;
  /** The k. */
  readonly k: number;
  /** The number of samples. */
  readonly samples: number;
  /** The share of samples with the same best class. */
  readonly sameBest: number;
  /** The share of samples whose best class in the original is among the k best of the result. */
  readonly agreement: number;
  /** Of the original, where there are labels. */
  readonly original: Accuracy | undefined;
  /** Of the result, where there are labels. */
  readonly result: Accuracy | undefined;
}

/**
 * Runs both models on all samples and counts. `labels` has the class of each sample, in the order of the sets. Of classes with
 * equal scores the lower one is better. Throws "unsupported" without an output of scores, "usage" where the labels do not fit.
 */
export async function compareTopK(
  original: Session,
  result: Session,
  sets: readonly FeedSet[],
  k: number,
  labels?: ArrayLike<number>,
): Promise<TopKReport> {
  const tally = { samples: 0, sameBest: 0, agreement: 0, original: [0, 0], result: [0, 0] };
  let output: string | undefined;
  for (const { feeds } of sets) {
    const [a, b] = [await original.run(feeds), await result.run(feeds)];
    output ??= [...a].find(([name, tensor]) => isScores(tensor) && b.has(name))?.[0];
    const [x, y] = [scoresIn(a, output), scoresIn(b, output)];
    if (x === undefined || y === undefined) throw errors.noOutputHasScores();
    if (x.rows !== y.rows || x.classes !== y.classes) throw errors.scoresDifferInSize();
    for (let row = 0; row < x.rows; row++) {
      const [best, others] = [bestOf(x, row, k), bestOf(y, row, k)];
      if (best[0] === others[0]) tally.sameBest++;
      if (others.includes(best[0] ?? -1)) tally.agreement++;
      const label = labels?.[tally.samples];
      tally.samples++;
      if (label === undefined) continue;
      count(tally.original, best, label);
      count(tally.result, others, label);
    }
  }
  const { samples, sameBest, agreement } = tally;
  if (labels !== undefined && labels.length !== samples)
    throw errors.labelsDoNotFitSamples(labels.length, samples);
  const share = (hits: number): number => (samples === 0 ? 1 : hits / samples);
  const accuracy = ([top1 = 0, topK = 0]: readonly number[]): Accuracy | undefined =>
    labels === undefined ? undefined : { top1: share(top1), topK: share(topK) };
  return {
    output: output ?? "",
    k,
    samples,
    sameBest: share(sameBest),
    agreement: share(agreement),
    original: accuracy(tally.original),
    result: accuracy(tally.result),
  };
}

function count(hits: number[], best: readonly number[], label: number): void {
  if (best[0] === label) hits[0] = (hits[0] ?? 0) + 1;
  if (best.includes(label)) hits[1] = (hits[1] ?? 0) + 1;
}

interface Scores {
  readonly rows: number;
  readonly classes: number;
  readonly values: ArrayLike<number>;
}

/** Whether a tensor may be the scores of classes, a row a sample. */
function isScores({ dtype, dims }: RuntimeTensor): boolean {
  return isFloat(dtype) && dims.length === 2 && (dims[1] ?? 0) > 1;
}

function scoresIn(outputs: TensorMap, name: string | undefined): Scores | undefined {
  const tensor = name === undefined ? undefined : outputs.get(name);
  if (tensor === undefined || !(tensor.data instanceof Uint8Array)) return undefined;
  const [rows = 0, classes = 0] = tensor.dims;
  return { rows, classes, values: numbersOf(tensor.dtype, tensor.data, tensor.dims) };
}

/** The k classes of a row with the highest scores, the best first. */
function bestOf({ classes, values }: Scores, row: number, k: number): number[] {
  const score = (label: number): number => values[row * classes + label] ?? 0;
  const best: number[] = [];
  for (let label = 0; label < classes; label++) {
    const at = best.findIndex((other) => score(other) < score(label));
    if (at === -1) best.push(label);
    else best.splice(at, 0, label);
    if (best.length > k) best.pop();
  }
  return best;
}

/** The classes of samples as numbers. Throws "usage" for texts and for numbers that are not whole. */
export function classNumbers({ dtype, dims, data }: RuntimeTensor): Float64Array {
  if (!(data instanceof Uint8Array)) throw errors.labelsAreNoNumbers();
  const numbers = decodeNumbers(dtype, data, tensorSize(dims));
  const broken = numbers.find((label) => !Number.isInteger(label));
  if (broken !== undefined) throw errors.labelIsNotWholeNumber(broken);
  return numbers;
}
