import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  // Passing maps
  shapeIsUnknown: (): string => "one of its shapes is not known",
  sizesAroundAxisAreUnknown: (axis: number): string =>
    `axis ${axis} cannot be followed through sizes that are not known`,
  sizesAroundAxisAreNotNumbers: (axis: number): string =>
    `axis ${axis} cannot be followed through sizes that are not numbers`,
  axisHasNoCounterpart: (axis: number): string =>
    `axis ${axis} runs along no single axis on the other side of it`,

  // Orders of axes
  sizeMayBeZero: (): string => "one of its sizes may be zero",
  axesAreNotFollowed: (): string => "it is not proven which axes it splits and merges",
  orderCutsThroughAxes: (): string => "the new order cuts through axes that it splits or merges",
  targetIsAttribute: (): string => "its target shape is an attribute",
  targetHasSeveralDynamicSizes: (): string => "several sizes of its target shape are dynamic",
  orderHasNoCut: (): string => "it has no place to cut in the new order",
  mergedSizesAreNotNumbers: (): string => "the sizes that it merges are not numbers",
  mergedValueIsNotOnlyMultiplied: (name: string): string => `"${name}" is read by others than products`,
  mergedValueIsReadElsewhere: (name: string, reader: string): string => `"${name}" is read by ${reader}`,
  readerWeightIsNoMatrix: (reader: string): string => `the weight of ${reader} is not a constant matrix`,
  readerWeightCannotBePermuted: (reader: string, dtype: DType): string =>
    `the weight of ${reader} is ${dtype}`,
  sizesHaveNoOrder: (): string => "it gives sizes, which have no other order of axes",
  rangeOfSizesIsGiven: (): string => "it gives a range of sizes",
  sizesAreReadInOrder: (): string => "all its sizes are read in order",
  sizesReadAreUnknown: (): string => "it is not known which of its sizes are read",
  missingSizeIsRead: (): string => "a size is read that does not exist",
  squeezesAllOnes: (): string => "it drops all axes of size one",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
