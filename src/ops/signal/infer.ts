import { dtypeFromCode } from "../../ir/dtype.js";
import { add, floorDiv, leastOf, type MaybeDim, sub } from "../../rules/dims.js";
import type { FacetTable } from "../../rules/facet.js";
import { type InferContext, type InferRule, tensorConclusion } from "../../rules/fact.js";
import { normalAxis, unknownDims } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

const scalar = (c: InferContext, input: number): MaybeDim => {
  const value = c.elements(input)?.[0];
  return leastOf(value) >= 0 ? value : undefined;
};

const halfSpectrum = (length: MaybeDim): MaybeDim => add(floorDiv(length, 2), 1);

/** The axis is an attribute (default 1) before opset 20, an input (default -2) since. */
const dft: InferRule = (c) => {
  const x = c.shape(0);
  if (x === undefined) return [tensorConclusion(c.dtype(0), undefined)];
  const given = c.opset < 20 ? c.int("axis", 1) : c.has(2) ? c.numbers(2)?.[0] : -2;
  const axis = normalAxis(given, x.length);
  const onesided = c.bool("onesided", false);
  if (axis === undefined || (onesided && c.bool("inverse", false))) {
    return [tensorConclusion(c.dtype(0), unknownDims(x.length))];
  }
  const length = c.has(1) ? scalar(c, 1) : x[axis];
  const dims = x.map((dim, at): MaybeDim => (at === axis ? (onesided ? halfSpectrum(length) : length) : dim));
  return [tensorConclusion(c.dtype(0), [...dims.slice(0, -1), 2])];
};

/** signal [batch, length, 1 or 2] -> [batch, frames, bins, 2]. */
const stft: InferRule = (c) => {
  const signal = c.shape(0);
  const frame = c.has(3) ? scalar(c, 3) : c.shape(2)?.[0];
  const frames = add(floorDiv(sub(signal?.[1], frame), scalar(c, 1)), 1);
  const bins = c.bool("onesided", true) ? halfSpectrum(frame) : frame;
  return [tensorConclusion(c.dtype(0), [signal?.[0], frames, bins, 2])];
};

const window: InferRule = (c) => [
  tensorConclusion(dtypeFromCode(c.int("output_datatype", 1)), [scalar(c, 0)]),
];

const melWeightMatrix: InferRule = (c) => [
  tensorConclusion(dtypeFromCode(c.int("output_datatype", 1)), [halfSpectrum(scalar(c, 1)), scalar(c, 0)]),
];

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  BlackmanWindow: window,
  DFT: dft,
  HammingWindow: window,
  HannWindow: window,
  MelWeightMatrix: melWeightMatrix,
  STFT: stft,
};
