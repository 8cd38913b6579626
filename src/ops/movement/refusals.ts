import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  // Gradients
  valueTypeIsUnknown: (): string => "the type of its values is not known",
  scatterReductionHasNoGradient: (reduction: string): string => `its reduction is "${reduction}"`,

  // Orders of axes
  addsAxesInFront: (): string => "it adds axes in front",
  listIsShorterThanRank: (name: string): string => `its ${name} are fewer than its axes`,
  indicesHaveSeveralAxes: (): string => "its indices have several axes",
  lastAxesAreMatrix: (): string => "its last two axes are a matrix",

  // Passing maps
  borderWouldChange: (): string => "its border would change with the map",
  padWidensMapAxis: (): string => "it pads the map's axis",
  otherOutputsWouldBeMapped: (): string => "its other outputs would be mapped too",
  selectionIsUnknown: (): string => "the elements that it picks along the map's axis are not known",
  channelIsPickedTwice: (): string => "it picks a channel twice, for different maps",
  mapAxisIsMixed: (): string => "it mixes the map's axis with others",
  joinedChannelsHaveOtherMaps: (): string => "channels that it joins into one have different maps",
  otherPartsAreNotMapped: (): string => "its other parts are not mapped",
  mapOfOnePartIsTooWide: (parts: number): string =>
    `a map of one of its ${parts} parts is a map of too many channels`,
  partHasOtherChannels: (channels: number): string => `the part has ${channels} channels`,
  partSizeIsUnknown: (): string => "the size of one of its parts is not known",

  // Raising the opset
  paddingsAreMissing: (): string => "it has no paddings",
  sizesAreInput: (): string => "its sizes are an input",
  tilingIsUnknown: (): string => "its rank, tiles or axis is not known",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
