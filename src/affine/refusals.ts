import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";
import type { DType } from "../ir/dtype.js";

const SENTENCES = {
  spatialRanksDiffer: (one: number, other: number): string =>
    `one has ${one} spatial axes, the other ${other}`,
  kernelChannelsDiffer: (one: string, other: string): string =>
    `one maps ${one} channels, the other ${other}`,
  stridesDiffer: (one: readonly number[], other: readonly number[]): string =>
    `their strides differ ([${one.join(",")}] and [${other.join(",")}])`,
  groupsDiffer: (one: number, other: number): string => `their groups differ (${one} and ${other})`,
  autoPadDependsOnInputSize: (): string => "the pads of auto_pad depend on the size of the input",
  outputSizesMayDiffer: (): string => "their outputs are not proven to have one size",
  tapsLieElsewhere: (guest: string, host: string): string =>
    `the taps of one (${guest}) are not among those of the other (${host})`,
  constantIsNotFloat: (dtype: DType): string => `the constant is ${dtype}`,
  constantHasOtherChannels: (constant: number, map: number): string =>
    `the constant has ${constant} channels, the map ${map}`,
  constantWouldOverflow: (dtype: DType): string => `the ${dtype} constant would overflow`,
} as const;

/** Why two kernels are not added, or a map is not written into a constant. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
