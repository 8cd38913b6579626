import type { FacetTable } from "../../rules/facet.js";
import { always, exactly, type OperandRule, type OperandRules } from "../../rules/operands/rule.js";
import type { OPERATORS } from "./operators.js";

/** The length of a window. */
const samples: OperandRule = (at) => exactly([at.declared(0)?.[0] ?? 10]);

/** The length of the transform: that of the signal. */
const transformed: OperandRule = (at) => exactly([at.dims(0)?.[1] ?? 8]);

const melBands: OperandRule = (at) => exactly([at.declared(0)?.[1] ?? 8]);
const dftLength: OperandRule = (at) => exactly([((at.declared(0)?.[0] ?? 9) - 1) * 2]);

/** The values that operands may have, of the family's operators. */
export const operands: FacetTable<keyof typeof OPERATORS, OperandRules> = {
  BlackmanWindow: { 0: samples },
  DFT: { 1: transformed, 2: always(1) },
  HammingWindow: { 0: samples },
  HannWindow: { 0: samples },
  MelWeightMatrix: { 0: melBands, 1: dftLength, 2: always(8192), 3: always(0), 4: always(4096) },
  STFT: { 1: always(2), 3: always(8) },
};
