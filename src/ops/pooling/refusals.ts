import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  // Gradients
  indicesAreColumnMajor: (): string => "its storage_order is 1",
  halfFloatsAreNotScattered: (dtype: DType): string =>
    `its input is ${dtype}, and runtimes add up scattered elements in float and double alone`,

  // Passing maps
  paddingIsCounted: (): string => "it counts its padding, which a shift would change",
  poolsOverMapAxis: (axis: number | undefined): string => `it pools over the map's axis ${axis}`,
  maxIndicesAreUsed: (): string => "its Indices are used",

  // Raising the opset
  powerIsNotWhole: (p: number): string => `its p is ${p}, and has to be whole`,
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
