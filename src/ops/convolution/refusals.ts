import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";
import type { DType } from "../../ir/dtype.js";

const STAYS = "its input is padded, and a shift would not reach the border";

const SENTENCES = {
  // Taking maps
  borderStays: (): string => STAYS,
  imageSizeIsUnknown: (): string => `${STAYS}; the size of the image is not known`,
  borderMapIsTooLarge: (elements: number): string =>
    `${STAYS}; a constant that holds it would have ${elements} elements`,
  borderMapWouldOverflow: (dtype: DType): string =>
    `the ${dtype} constant that adds the shift behind it would overflow`,
  shiftSpreadsUnevenly: (): string => "a shift would spread unevenly over its strides and borders",
  channelsDoNotDivideIntoGroups: (channels: number, groups: number): string =>
    `its ${channels} channels do not divide into ${groups} groups`,

  // Reading the constants
  geometryDoesNotFitWeight: (): string =>
    "its strides, dilations, pads or kernel_shape do not fit its weight",
  autoPadIsUnknown: (rule: string): string => `its auto_pad "${rule}" is unknown`,

  // Gradients
  autoPadDependsOnUnknownSizes: (rule: string): string =>
    `its auto_pad ${rule} with strides makes its pads depend on sizes that are not known; give pads instead`,
  outputShapeDependsOnUnknownSizes: (): string =>
    "its output_shape makes its pads depend on sizes that are not known; give pads instead",
  outputExceedsWindows: (): string => "its output is larger than the part that its windows reach",
  outputShapeLeavesOddPadding: (): string =>
    "its output_shape leaves an odd padding, which runtimes place differently; give pads instead",
  kernelSizeIsUnknown: (): string => "the size of its kernel is not known; give it as kernel_shape",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
