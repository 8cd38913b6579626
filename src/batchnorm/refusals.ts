import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";

const SENTENCES = {
  // Where the nonlinearity or layer is
  isInBody: (owner: string): string => `it is in a body of ${owner} (ask with bodies)`,
  isInFunction: (name: string): string =>
    `it is in function ${name}, which may be called from several places; inline it first`,
  isGate: (): string => "it is a gate: its result multiplies another value (ask with gates)",
  isModelOutput: (): string => "its result is the model's output (ask with outputs)",
  isNotIncluded: (): string => "include does not name it",
  isExcluded: (pattern: string): string => `exclude names it ("${pattern}")`,
  bodyGivesNoStatistics: (): string =>
    "it is in the body of a control-flow operator, which cannot give out updated running statistics",

  // What feeds the nonlinearity
  isFedByInput: (name: string): string => `input "${name}" feeds it`,
  isFedByConstant: (name: string): string => `constant "${name}" feeds it`,
  isFedByCall: (opType: string): string => `it is fed by a call of ${opType}`,
  isFedByOtherOperator: (label: string): string => `it is fed by ${label}`,
  isNormalizedAlready: (label: string): string => `${label} normalizes it already`,
  isScaledAlready: (label: string): string => `${label} scales it already`,
  isFedByNoLayer: (): string => "no linear layer feeds it",

  // The linear layer
  attributeBelongsToCaller: (label: string): string =>
    `an attribute of ${label} is set by the function's caller`,
  layerHasNoWeight: (label: string): string => `${label} has no weight`,
  weightIsLeftOperand: (label: string): string =>
    `the weight of ${label} is its left operand, so that the channels are rows`,
  layerMultipliesComputedValues: (label: string): string => `${label} multiplies two computed values`,
  layerTypeIsNotFloat: (label: string, dtype: string | undefined): string =>
    `the type of ${label} is ${dtype ?? "not known"}`,
  layerWeightShapeIsUnknown: (label: string): string => `the shape of the weight of ${label} is not known`,
  layerChannelsAreUnknown: (label: string): string => `the number of channels of ${label} is not known`,
  layerGivesVector: (label: string): string => `${label} gives a vector without a batch`,

  // The layer's bias
  layerBiasIsNotConstant: (name: string): string => `bias "${name}" is no constant`,
  layerBiasIsNotPerChannel: (name: string): string => `bias "${name}" is not one number for each channel`,
  layerBiasIsReadElsewhere: (): string => "others read the layer with its bias",

  // The form
  decomposedFormNeedsRank: (): string => "its rank is not known, which the decomposed form needs",
  rowsNeedComputedReshape: (): string => "before opset 5 Reshape takes no computed sizes",

  // Recurrent layers
  recurrentFormIsOld: (opType: string): string => `before opset 7 ${opType} has another form`,
  recurrentLayoutIsBatchFirst: (): string =>
    "its layout is 1, the batch first; statistics of sequences are taken with layout 0",
  sequencesDifferInLength: (): string =>
    "its sequences differ in length (sequence_lens), and the statistics would count the padding",
  recurrentInputIsNotRank3: (): string => "the rank of its input is not known to be 3",
  recurrentWeightIsComputed: (reason: string): string =>
    `${reason}; optimize first, which computes constants`,
  recurrentWeightIsNotFloat: (dtype: string): string => `its weight W is ${dtype}`,
  recurrentWeightHasOtherShape: (dims: readonly number[]): string =>
    `its weight W is [${dims.join(",")}], not [directions, gates * hidden, input]`,
  recurrentWeightHasPartOfGate: (rows: number): string =>
    `its weight W has ${rows} rows, no whole number of gates`,
  recurrentInputTermIsSplitAlready: (): string =>
    "its weight W only hands its input on; the input term is a product of its own already",

  // The recipe of the paper
  removedResultIsModelOutput: (name: string): string => `"${name}" is an output of the model`,
  kernelIsNotConstant: (): string => "its kernel is no constant",
  kernelTypeIsNotSplit: (dtype: string): string => `its kernel is ${dtype}, not float or double`,
  convolutionHasGroups: (): string => "it has groups, of which the paper says nothing",
  convolutionIsDilated: (): string => "it is dilated",
  autoPadIsNotShared: (autoPad: string): string =>
    `auto_pad ${autoPad} does not say how to share the padding`,
} as const;

/** Why a place gets no normalization, a bias stays, or a recipe leaves a node as it is. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
