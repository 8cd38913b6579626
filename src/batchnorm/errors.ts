import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";
import { plural } from "../base/plural.js";

const SENTENCES = {
  // Options
  batchSizeIsFixed: [
    "usage",
    (fixed: number, given: number): string =>
      `the model fixes its batch at ${fixed} samples, not ${given}; use batches of ${fixed}`,
  ],
  onlyTrainingFormIsDecomposed: [
    "usage",
    (): string => "only the training form can be decomposed; ask for that form, or leave decompose out",
  ],
  identityNeedsData: [
    "usage",
    (): string => "init identity takes the statistics from data; give data (--data), or ask for init fresh",
  ],
  unknownRecipe: [
    "usage",
    (recipe: string, known: readonly string[]): string =>
      `there is no recipe "${recipe}"; there is ${known.join(", ")}`,
  ],

  // The model
  noNormalizationToCalibrate: [
    "usage",
    (): string => "the model has no BatchNormalization; insert some (normfold insert)",
  ],
  onlyNestedNormalizations: [
    "usage",
    (): string =>
      "each BatchNormalization is in a body or a function; inline functions first (normfold optimize --inline-functions)",
  ],
  globMatchesNoTiedConstant: [
    "usage",
    (pattern: string): string =>
      `--untie "${pattern}" names no constant that has several readers; leave it out, or say all`,
  ],
  statisticIsNotInitializer: [
    "unsupported",
    (which: "mean" | "variance"): string =>
      `its ${which} is no initializer; make it one (normfold optimize lifts constants)`,
  ],
  statisticExceedsType: [
    "unsupported",
    (which: "mean" | "variance" | "mean or variance", dtype: string): string =>
      `a ${which} does not fit into ${dtype}; scale the data, leave the layer out, or use a wider type`,
  ],
  statisticIsNotStored: [
    "unsupported",
    (value: string): string =>
      `"${value}" is computed or pinned, not a stored statistic or parameter; store it first`,
  ],
  updatedStatisticIsRead: [
    "unsupported",
    (value: string, reader: string): string =>
      `its updated statistic "${value}" is read by ${reader}; take that out first`,
  ],
  measuredRankIsUnknown: [
    "unsupported",
    (): string => "its rank is not known; declare the sizes of the model's inputs",
  ],
  measuredChannelsAreUnknown: [
    "unsupported",
    (): string =>
      "its number of channels is not known, so they cannot be measured; make its scale a constant",
  ],
  measuredTypeIsNotFloat: [
    "unsupported",
    (dtype: string | undefined): string =>
      dtype === undefined
        ? "its type is not known, so it cannot be measured; declare the types of the model's inputs"
        : `its type is ${dtype}; only floating-point values can be measured`,
  ],

  // The data
  dataIsSmallerThanBatch: [
    "invalid",
    (samples: number | undefined, batchSize: number): string =>
      samples === undefined
        ? `the data has fewer samples than one batch of ${batchSize}; give more, or make batches smaller`
        : `the data has ${plural(samples, "sample")}, fewer than one batch of ${batchSize}; give more, or make batches smaller`,
  ],
  dataLacksInput: [
    "invalid",
    (input: string, fields: readonly string[]): string =>
      `the data has no "${input}", which the model reads; it has ${fields.join(", ") || "nothing"}`,
  ],
  inputsFixOtherBatchSizes: [
    "invalid",
    (sizes: readonly number[]): string =>
      `the model's inputs fix different batch sizes (${sizes.join(", ")}); declare one size for all of them`,
  ],
  dataTypeDiffersFromInput: [
    "invalid",
    (input: string, given: string, wanted: string): string =>
      `the data for "${input}" is ${given}, the model wants ${wanted}; convert it`,
  ],
  sampleShapeDiffersFromInput: [
    "invalid",
    (input: string, given: readonly number[], wanted: readonly unknown[]): string =>
      `a sample for "${input}" is [${given.join(",")}], the model wants [${wanted.map((dim) => dim ?? "?").join(",")}]; give samples of that shape`,
  ],
  batchLacksField: [
    "invalid",
    (batch: number, field: string): string =>
      `batch ${batch} of the data has no "${field}"; give every field with every batch`,
  ],
  batchIsNotFinite: [
    "invalid",
    (batch: number, field: string): string =>
      `batch ${batch} of the data has a NaN or infinite number in "${field}"; leave such samples out or mend them`,
  ],
  activationIsNotFinite: [
    "invalid",
    (batch: number, channel: number): string =>
      `batch ${batch} makes channel ${channel} NaN, infinite, or too large for its variance; check the data and the model`,
  ],
  channelHasOneElement: [
    "unsupported",
    (): string =>
      "a batch has one element per channel here, and one number has no variance; give larger batches, or leave this layer out",
  ],
} as const;

/**
 * Errors of insertion, calibration and freezing. Training, which takes its batches from the same data, throws some of
 * them too.
 */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
