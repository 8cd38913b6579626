import type { DType } from "../ir/dtype.js";
import type { RuntimeTensor } from "../runtime/runtime.js";
import { errors } from "./errors.js";

/** One tensor of each sample. */
export interface Field {
  /** The name of an input or "labels"; `arr_0`, `arr_1`, ... where the data has no names. */
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
  /** The place of each sample in the data, for messages. */
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
  /** Batches to leave out at the start, without reading them, so that training can go on where it stopped. */
  readonly skip?: number;
  /**
   * Gives memory of `size` bytes for a field of the next batch. A caller that draws thousands of batches gives the same memory
   * again once it has used a batch. A dataset need not use it. Default: each batch has memory of its own.
   */
  readonly memory?: (size: number, field: string) => Uint8Array;
  /** Ends the drawing before the next batch; the iteration throws its reason. */
  readonly signal?: AbortSignal;
}

/** Throws "usage" for a size, limit or skip that is no whole number in its range. */
export function assertBatchOptions({ size, limit = Number.POSITIVE_INFINITY, skip = 0 }: BatchOptions): void {
  // The limit is checked first: callers clamp the size to it, so a wrong limit would be reported as a wrong size.
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit > 0)) {
    throw errors.sampleLimitIsNotWhole(limit);
  }
  if (!Number.isInteger(size) || size < 1) throw errors.batchSizeIsNotWhole(size);
  if (!Number.isInteger(skip) || skip < 0) throw errors.skippedBatchesAreNotWhole(skip);
}

/** Samples to calibrate and train on, which are read a batch at a time. */
export interface Dataset {
  /** Number of samples; undefined where it is known only after reading. */
  readonly size: number | undefined;
  /** The tensors that each sample has. */
  readonly fields: readonly Field[];
  /** Draws the samples, once for each call. Throws NormfoldError with the file and the fault. */
  batches(options: BatchOptions): AsyncIterable<Batch>;
  /** Closes the files that the data is read from. */
  close(): Promise<void>;
}
