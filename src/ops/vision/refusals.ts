import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  // Passing maps
  cropIsFilled: (): string => "it fills the parts that it crops with a value of its own",
  mapAxisMayBeResized: (): string => "it is not known to leave the map's axis alone",

  // Gradients
  cropHasNoGradient: (): string => "its coordinate_transformation_mode is tf_crop_and_resize",
  aspectRatioIsKept: (): string => "its keep_aspect_ratio_policy is not stretch",
  resizeScalesAreUnknown: (): string => "its scales are not known; make them constants",
  gridSampleHasNoGradient: (): string =>
    "the places it samples are data; write it as Gather and products to train through it",

  // Orders of axes
  scalesAreAttribute: (): string => "its scales are an attribute",
  cropsByRegion: (): string => "it crops by a region",
  resizeNamesAxes: (): string => "it names its axes",
  resizeSizesDoNotFitRank: (): string => "its sizes do not fit the rank",
  interpolationNeedsChannelsFirst: (): string => "interpolation needs batch and channels in front",

  // Raising the opset
  enlargementIsUnknown: (): string =>
    "it is not known whether its scales enlarge, and the nearest neighbours depend on it",
  enlargesAndShrinks: (): string =>
    "it enlarges one axis and shrinks another, each with its own nearest neighbour",
  coordinateModeWasRemoved: (mode: string): string =>
    `its coordinate_transformation_mode "${mode}" no longer exists`,
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
