import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";
import type { DType } from "../ir/dtype.js";

const SENTENCES = {
  // The node and its attributes
  attributeIsSetByCaller: (name?: string): string =>
    name === undefined
      ? "one of its attributes is set by the function's caller"
      : `its attribute "${name}" is set by the function's caller`,
  opsetIsNotImported: (): string => "the model imports no version of its operator set",
  broadcastsByOldRules: (): string => "before opset 7 it broadcasts by other rules",
  inputIsMissing: (): string => "its input is missing",
  operandIsNotGiven: (): string => "one of its operands is missing",
  inputOrOutputIsMissing: (): string => "it has no input or no output",
  valueIsNotItsData: (role: string): string => `it reads the value as its ${role}, not as its data`,
  parameterIsUnknown: (name: string): string => `its ${name} are not known`,
  axisIsUnknown: (): string => "its axis is not known",
  axesAreComputed: (): string => "its axes are computed",
  axisIsOutsideRank: (): string => "it names an axis outside the rank",
  padsDoNotFitRank: (): string => "its pads do not fit the rank",
  permIsInvalid: (): string => "its perm is not a permutation of its axes",

  // Ranks, sizes and types
  inputRankIsUnknown: (atLeast?: number): string =>
    atLeast === undefined
      ? "the rank of its input is not known"
      : `the rank of its input is not known, or less than ${atLeast}`,
  outputRankIsUnknown: (): string => "the rank of its output is not known",
  operandRanksAreUnknown: (): string => "the ranks of its operands are not known",
  valueRankIsUnknown: (name: string): string => `the rank of "${name}" is not known`,
  inputTypeIsUnknown: (index: number): string => `the type of its input ${index} is not known`,
  trainingOutputsAreUsed: (): string => "it is in training mode, and its further outputs are used",

  // Constants
  constantIsMissing: (role: string): string => `${role} is missing`,
  constantIsPinned: (role: string, name: string, why: string): string =>
    `${role} "${name}" stays as it is: ${why}`,
  constantIsInputDefault: (role: string, name: string): string =>
    `${role} "${name}" is a graph input, whose default a caller can override (--freeze-initializers makes it constant)`,
  constantIsSparse: (role: string, name: string): string => `${role} "${name}" is a sparse initializer`,
  constantIsGraphInput: (role: string, name: string): string => `${role} "${name}" is a graph input`,
  constantIsComputed: (role: string, name: string, producer: string): string =>
    `${role} "${name}" is computed by ${producer}`,

  // Weights and biases
  weightIsNotFloat: (dtype: DType): string => `its weight is ${dtype}`,
  weightHasOtherRank: (rank: number): string => `its weight has rank ${rank}`,
  weightHasOtherShape: (dims: readonly number[]): string => `its weight is [${dims.join(",")}]`,
  weightFileIsMissing: (): string => "the file with its weight is missing",
  weightWouldOverflow: (dtype: DType): string => `its ${dtype} weight would overflow`,
  dequantizedWeightHasNoChannelAxis: (): string =>
    "the channels of its dequantized weight run along no single axis",
  biasHasOtherSize: (size: number, expected: number): string =>
    `its bias has ${size} elements, not ${expected}`,
  biasHasOtherShape: (dims: readonly number[], columns: number): string =>
    `its bias is [${dims.join(",")}], not one number for each of ${columns} columns`,
  biasWouldOverflow: (dtype: DType): string => `its ${dtype} bias would overflow`,
  mergingTakesTooLong: (): string => "multiplying the two weights out would take too long",

  // Affine maps
  mapRunsAlongOtherAxis: (axis: number, own: string, ownAxis: number): string =>
    `the map runs along axis ${axis}, ${own} along axis ${ownAxis}`,
  mapHasOtherChannels: (count: number | undefined, unit: string, channels: number): string =>
    `it has ${count} ${unit}, the map ${channels} channels`,
  valueLacksChannels: (name: string, channels: number): string =>
    `"${name}" is not known to have ${channels} channels on the map's axis`,
  scaleIsNegative: (): string => "it lets no negative scale through",
  shiftDoesNotPass: (): string => "it lets no shift through",

  // Orders of axes
  channelsAreAxisOne: (): string => "its channels are axis 1",
} as const;

/** Refusals that several families share. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
