import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import type { DType } from "../ir/dtype.js";

const SENTENCES = {
  batchSizeIsNotWhole: [
    "usage",
    (size: number): string => `a batch of ${size} samples; give a whole number from 1 on`,
  ],
  sampleLimitIsNotWhole: [
    "usage",
    (limit: number): string => `a limit of ${limit} samples; give a whole number from 1 on`,
  ],
  skippedBatchesAreNotWhole: [
    "usage",
    (skip: number): string => `${skip} batches to leave out; give a whole number from 0 on`,
  ],
  datasetHasNoTensor: ["usage", (): string => "a dataset needs at least one tensor; give one"],
  dataHoldsNoArray: ["invalid", (): string => "there is no array in the data; give one at least"],
  dataHoldsNoSamples: ["invalid", (): string => "the data holds no samples; give one at least"],
  dataIsScalar: [
    "usage",
    (name: string): string => `"${name}" is a scalar; give an array whose first dimension counts the samples`,
  ],
  sampleCountsDiffer: [
    "usage",
    (one: string, count: number, other: string, otherCount: number): string =>
      `${one} has ${count} samples and ${other} ${otherCount}; give as many of both`,
  ],
  dataSizeDiffers: [
    "usage",
    (name: string, type: string, given: string, needed: number): string =>
      `tensor "${name}" of ${type} has ${given}, not ${needed}; give data that fills its sizes`,
  ],
  nameIsInDataTwice: ["usage", (name: string): string => `"${name}" is in the data twice; rename one`],
  labelsAreNotOneArray: [
    "usage",
    (name: string, found: readonly string[]): string =>
      `${name} must be one array, and there are ${found.join(", ") || "none"}; give one of them`,
  ],
  inputHasNoData: [
    "usage",
    (input: string, found: readonly string[]): string =>
      `no data for input "${input}"; there are ${found.join(", ") || "none"}`,
  ],
  dataTypeDiffers: [
    "usage",
    (input: string, wanted: DType, given: DType): string =>
      `"${input}" is ${wanted}, and its data ${given}; convert the data`,
  ],
  dataNumberDoesNotFit: [
    "usage",
    (value: number, input: string, dtype: DType): string =>
      `${value} in the data does not fit "${input}", ${dtype}; convert the data`,
  ],
  sampleSizesDiffer: [
    "usage",
    (input: string, wanted: string, name: string, given: string): string =>
      `input "${input}" wants samples of ${wanted}, and "${name}" has ${given}; give data of that size`,
  ],
  sampleIsNotFinite: [
    "invalid",
    (sample: string, name: string, value: number): string =>
      `${sample} of "${name}" holds ${value}; leave it out or mend it`,
  ],
  stdIsNotPositive: [
    "usage",
    (): string => "std must be above zero; give the standard deviation of the data",
  ],
  preparationChannelsDiffer: [
    "usage",
    (given: string, input: string, channels: number | undefined): string =>
      `${given}, and "${input}" has ${channels ?? "an unknown number"}; give one each, or one for all`,
  ],
} as const;

/** The errors of data that does not fit a model, or itself. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
