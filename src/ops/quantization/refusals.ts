import { type RefusalCatalogue, refusalCatalogue } from "../../base/refusal.js";
import type { DType } from "../../ir/dtype.js";

const SENTENCES = {
  // Taking maps
  dequantizationTakesNoShift: (): string => "it takes no shift",
  quantizationScaleMustStayPositive: (): string => "its scale has to stay positive",
  quantizedWeightHasNoNegative: (dtype: DType): string =>
    `its ${dtype} weight has an element whose negative its type does not hold`,
  quantizationScaleIsPerBlock: (): string => "it has a scale for each block",
  quantizationScaleIsNotFloat: (dtype: DType): string => `its scale is ${dtype}`,
  quantizationScaleIsUniform: (): string => "it has one scale for all channels",
  quantizationScaleIsUniformByVersion: (): string => "before opset 13 it has one scale for all channels",
  quantizationScaleWouldOverflow: (dtype: DType): string => `its ${dtype} scale would leave its range`,

  // Orders of axes
  quantizationScaleShapeIsUnknown: (): string => "the shape of its scale is not known",
} as const;

/** Why an operator of the family does not take part in a rewrite, a gradient or a raised opset. */
export const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);
