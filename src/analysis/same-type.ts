import { type MaybeDim, sameDim } from "../rules/dims.js";
import type { FactType } from "../rules/fact.js";
import { isTensor } from "../rules/shapes.js";

type Known = FactType<MaybeDim> | undefined;

/** True when the same is known of both types: the same sizes are known, and they are equal. */
export function sameType(a: Known, b: Known): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (isTensor(a))
    return isTensor(b) && a.kind === b.kind && a.dtype === b.dtype && sameSizes(a.shape, b.shape);
  if (isTensor(b) || a.kind !== b.kind) return false;
  return sameType("element" in a ? a.element : undefined, "element" in b ? b.element : undefined);
}

type Sizes = readonly MaybeDim[] | undefined;

function sameSizes(a: Sizes, b: Sizes): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((dim, axis) => dim === b[axis] || sameDim(dim, b[axis]));
}
