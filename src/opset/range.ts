/** The lowest and the highest opset that a model may be raised to. */
export const LOWEST_OPSET = 1;
export const HIGHEST_OPSET = 26;

/** The opsets from which each IR version on is needed, as the releases of ONNX paired them. */
const IR_VERSIONS: readonly { readonly opset: number; readonly ir: number }[] = [
  { opset: 10, ir: 5 },
  { opset: 11, ir: 6 },
  { opset: 12, ir: 7 },
  { opset: 15, ir: 8 },
  { opset: 19, ir: 9 },
  { opset: 21, ir: 10 },
  { opset: 23, ir: 11 },
  { opset: 24, ir: 12 },
  { opset: 25, ir: 13 },
];

/** At least 4: before that, every constant had to be an input of the model too, and raising makes new constants. */
const LEAST_IR = 4;

/** The IR version that a raised model of `opset` needs at least. */
export function irVersionOf(opset: number): number {
  return IR_VERSIONS.findLast((entry) => entry.opset <= opset)?.ir ?? LEAST_IR;
}

/** The opsets a model may come from and go to, both ends included. */
export function opsetRange(): { readonly lowest: number; readonly highest: number } {
  return { lowest: LOWEST_OPSET, highest: HIGHEST_OPSET };
}
