import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";

const SENTENCES = {
  // Taking and passing maps
  rightOperandTakesNoShift: (): string => "its second operand takes no shift",
  addBroadcastsByOldRules: (): string => "before opset 7 the Add it needs broadcasts by other rules",
  operandsAreNotConstant: (): string => "neither of its operands is a constant",
  constantTakesMap: (): string => "its constant operand takes the map, or nothing does",
  operandMayBeVector: (): string => "one of its operands may be a vector",
  operandsLackMapAxis: (): string => "neither of its operands is known to have the map's axis",

  // Gradients
  ellipsisRankIsUnknown: (): string => "its equation has an ellipsis for an unknown number of axes",
  labelIsRepeated: (): string => "its equation repeats a label in the result",

  matrixSizeIsUnknown: (largest: number): string =>
    `the size of its matrices is not known, or above ${largest}; declare the sizes of the model's inputs`,

  // Orders of axes
  productSumsLastAxis: (): string => "it multiplies along the last axis",
  operandRanksDiffer: (): string => "its operands differ in rank",
  lastAxesAreMatrices: (): string => "its last two axes are matrices",
  resultCannotBeTransposed: (): string => "it can have its operands transposed, but not its result",
  productReadsNothingTransposed: (): string =>
    "a Gemm that reads an operand transposed is misread by other readers than onnxruntime",
  denseLayerKeepsItsForm: (): string => "a dense layer with a transposed input is misread by other readers",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
