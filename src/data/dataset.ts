import type { DType } from "../ir/dtype.js";
import type { RuntimeTensor } from "../runtime/runtime.js";
import { errors } from "./errors.js";

/** One tensor of each sample. */
export interface Field {
  /** An input's or label's name; positional readers name theirs `arr_0`, `arr_1`, ... */
  readonly name: string;
  /** Element type as it is stored. */
  readonly dtype: DType;
  /** Sizes of one sample, without the batch; undefined where samples differ. */
  readonly shape: readonly number[] | undefined;
}

/** Samples side by side: in every tensor the first dimension counts them. */
export interface Batch {
  /** Number of samples. */
  readonly size: number;
  /** The samples by the names of the fields. */
  readonly tensors: ReadonlyMap<string, RuntimeTensor>;
  /** Where each sample stands in the data, for messages about one; without it nobody can say. */
  readonly places?: ArrayLike<number>;
}

/** Which samples are drawn, in which order, and how many at a time. */
export interface BatchOptions {
  /** Samples in a batch. */
  readonly size: number;
  /** Draw the samples in a random order, another one for each seed. Without it: in the order they are stored. */
  readonly seed?: number;
  /** Use no more samples than this. */
  readonly limit?: number;
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
  /** Batches to leave out at the start, without reading them: how training goes on where it stopped. */
  readonly skip?: number;
  /**
   * Memory for a field of the next batch, of as many bytes. A reader that draws thousands of batches gives the same again
   * once it is done with them. Datasets need not use it. Default: each batch has its own.
   */
  readonly memory?: (size: number, field: string) => Uint8Array;
  /** Ends the drawing before the next batch; the iteration throws its reason. */
  readonly signal?: AbortSignal;
}

/** Throws "usage" for a size, limit or skip that no batches can be drawn by. */
export function assertBatchOptions({ size, limit = Number.POSITIVE_INFINITY, skip = 0 }: BatchOptions): void {
  // The limit first: callers that put no more than the limit into a batch make a wrong size of a wrong limit.
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit > 0)) {
    throw errors.sampleLimitIsNotWhole(limit);
  }
  if (!Number.isInteger(size) || size < 1) throw errors.batchSizeIsNotWhole(size);
  if (!Number.isInteger(skip) || skip < 0) throw errors.skippedBatchesAreNotWhole(skip);
}

/** Samples to calibrate and train on. Never wholly in memory: a batch at a time is read. */
export interface Dataset {
  /** Samples in all; undefined where only reading tells. */
  readonly size: number | undefined;
  /** The tensors that each sample has. */
  readonly fields: readonly Field[];
  /** Throws NormfoldError with the file and what is wrong. May be called again, for another epoch. */
  batches(options: BatchOptions): AsyncIterable<Batch>;
  /** Closes the files that the data is read from. */
  close(): Promise<void>;
}
