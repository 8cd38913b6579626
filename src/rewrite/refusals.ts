import { type RefusalCatalogue, refusalCatalogue } from "../base/refusal.js";
import { type SpecialValue, specialText } from "../base/special-values.js";

const SENTENCES = {
  outputNameCannotMove: (from: string, to: string): string =>
    `"${from}" is a graph output and cannot share "${to}", which callers see too`,
  padValueIsUnknown: (): string => "the value that it pads with is not known",
  rewriteMayChangeSpecialValues: (kinds: readonly SpecialValue[]): string =>
    `a rewrite that may change ${specialText(kinds)} is left out (--preserve-nonfinite)`,
  ruleFailed: (message: string): string => `not looked at further: ${message}`,

  bodyHasAnnotations: (): string => "its body has quantization annotations",
  bodyInputHasDefault: (value: string): string => `input "${value}" of its body has a default`,
  bodyValueIsPinned: (value: string, because: string): string => `"${value}" of its body stays: ${because}`,
  bodyHasSparseInitializer: (value: string): string =>
    `"${value}" of its body is sparse, and a function has no initializers`,

  spelledOutValueIsGraphOutput: (opType: string, value: string): string =>
    `it spells out ${opType}, but "${value}" inside is a graph output`,
  spelledOutValueIsUsedElsewhere: (opType: string, value: string): string =>
    `it spells out ${opType}, but "${value}" inside is used elsewhere too`,
  opsetLacksOperator: (opType: string, opset: number, since: number): string =>
    `it spells out ${opType}, which opset ${opset} does not have (${since} has; --opset ${since} raises the model)`,
  runtimeLacksKernel: (opType: string, how: string): string =>
    `it spells out ${opType}, for which onnxruntime has no kernel: it ${how}; --target any puts it in`,
  runtimePoolsInItsLayout: (opType: string): string =>
    `onnxruntime pools in its blocked layout, and would leave it for a ${opType}; --target any puts it in`,

  constantIsTooLarge: (growth: number, limit: number): string =>
    `its result adds ${growth} bytes, more than the growth limit of ${limit}`,
  constantsAreTooLargeTogether: (growth: number, together: number, limit: number): string =>
    `its result adds ${growth} bytes, and with others like it ${together}, more than the growth limit of ${limit}`,
  growthLimitIsUsedUp: (growth: number, limit: number, left: number): string =>
    `its result adds ${growth} bytes, and the growth limit of ${limit} has ${left} left`,

  computingTakesTooMuchMemory: (bytes: number, limit: number): string =>
    `computing it takes ${amount(bytes)} bytes, more than the ${amount(limit)} that are spent on constants`,
  computingTakesTooLong: (operations: number, limit: number): string =>
    `computing it takes ${amount(operations)} operations, more than the ${amount(limit)} that are spent on constants`,
  tooManyNodesLeadToConstants: (limit: number): string =>
    `more than ${limit} nodes were looked at to say what constants take; the rest is not computed`,
} as const;

/** The number, with an exponent where its digits would say nothing. */
function amount(count: number): string {
  return count < 1e15 ? String(Math.ceil(count)) : count.toExponential(1);
}

/** Why a rewrite that several passes make is not made. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
