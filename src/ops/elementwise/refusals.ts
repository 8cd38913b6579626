import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  // Gradients
  typeIsTooCoarseForGradients: (dtype: DType): string =>
    `${dtype} is too coarse for gradients; quantize with QuantizeLinear, or keep float`,

  // Orders of axes
  operandHasNoSuchOrder: (): string => "one of its operands cannot have this order of axes",
  narrowOperandIsComputed: (name: string): string =>
    `its operand "${name}" has lower rank and is not a constant`,
  narrowSlopeIsComputed: (): string => "its slope has lower rank and is not a constant",

  // Reading an affine map
  mapIsNotFinite: (): string => "its constant is NaN, infinite, or a divisor of zero",
  constantHasHigherRank: (name: string): string => `its constant has a higher rank than "${name}"`,
  constantVariesAlongSeveralAxes: (dims: readonly number[]): string =>
    `its constant varies along more than one axis ([${dims.join(",")}])`,
  axisLacksElements: (axis: number, name: string, size: number | undefined): string =>
    `axis ${axis} of "${name}" is not known to have ${size} elements`,

  // Passing maps
  castIsNotBetweenFloats: (): string => "it does not cast between floating-point types",
  castWouldLosePrecision: (narrow: DType, wide: DType): string =>
    `in ${narrow} the map would lose precision that it has in ${wide}`,
  operatorHasNoOperands: (): string => "it has no operands",
  scaleDoesNotPass: (): string =>
    "it lets no scale through, because its other operand would need the same one",

  // Raising the opset
  castTypeIsUnknown: (type: string): string => `it casts to "${type}"`,
  typeHasNoLaterForm: (dtype: DType): string => `its input is ${dtype}`,
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
