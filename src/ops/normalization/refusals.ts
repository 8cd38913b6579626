import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  // Reading the inference form
  isTrainingForm: (sign: string): string => `it is in training form (${sign})`,
  normalizesEachActivation: (): string => "it normalizes each activation, not each channel (spatial = 0)",
  inputLacksChannels: (rank: number): string => `its input has rank ${rank}, and no axis of channels`,
  parametersAreNotVectors: (shapes: string): string =>
    `its parameters are not four vectors of one length (${shapes})`,
  normalizationParameterIsMissing: (): string => "one of its parameters is missing",
  varianceHasNoRoot: (sum: number, channel: number): string =>
    `variance + epsilon is ${sum} in channel ${channel}, which has no root`,
  normalizationParameterIsNotFinite: (channel: number): string =>
    `one of its parameters is NaN or infinite in channel ${channel}`,

  // Taking maps
  isNotBatchNormalization: (): string => "it is not a BatchNormalization",
  mapDiffersWithinGroup: (): string =>
    "before opset 21 it has one scale for each group, and the map differs within a group",
  statisticsOutputsAreUsed: (): string => "its statistics outputs are used",
  normalizationScaleIsNoVector: (dims: readonly number[]): string => `its scale is [${dims.join(",")}]`,
  normalizationParameterIsNotFloat: (dtype: DType): string => `one of its parameters is ${dtype}`,
  parametersWouldOverflow: (dtype: DType): string => `its ${dtype} parameters would overflow`,

  // Gradients
  runningStatisticsHaveNoGradient: (): string =>
    "something depends on its running statistics, which are no function to differentiate",
  meanOutputsHaveNoGradient: (): string =>
    "something depends on its Mean or InvStdDev, which are outputs for gradients alone",

  // Orders of axes
  normalizesAllAxesFromOne: (): string => "before opset 13 it runs over all axes from axis 1 on",
  normalizesLastAxes: (): string => "it normalizes its last axes",

  // Raising the opset
  statisticsArePerElement: (): string =>
    "its statistics are per element (spatial = 0), which no later BatchNormalization has",
  runningStatisticsChangeMeaning: (): string =>
    "it gives running statistics, which belong to training, and later versions compute others",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
