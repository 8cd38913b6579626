import { product } from "../../base/integers.js";
import type { Refusal } from "../../base/refusal.js";
import { bitsOf } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import { Tensor } from "../../ir/tensor.js";
import type { SymDim } from "../dims.js";
import type { Facts } from "../facts.js";
import { refusals } from "../refusals.js";
import { rankOf } from "../shapes.js";

/** An order of axes as Transpose has it: axis i of the result is axis perm[i] of the operand. */
export type Permutation = readonly number[];

/** True when the order leaves all axes where they are. */
export function isIdentity(perm: Permutation): boolean {
  return perm.every((axis, index) => axis === index);
}

/** True when the two orders are the same. */
export function samePermutation(a: Permutation, b: Permutation): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index]);
}

/** The order that two Transposes in a row give. */
export function composed(first: Permutation, second: Permutation): Permutation {
  return second.map((axis) => first[axis] ?? axis);
}

/** The order that undoes another. */
export function inverse(perm: Permutation): Permutation {
  return perm.map((_, axis) => perm.indexOf(axis));
}

/** The order of the axes that remain without `dropped`. */
export function restrict(perm: Permutation, dropped: ReadonlySet<number>): Permutation {
  const kept = [...perm.keys()].filter((axis) => !dropped.has(axis));
  return perm.filter((axis) => !dropped.has(axis)).map((axis) => kept.indexOf(axis));
}

/** The order of `rank` axes that leaves `dropped` where they are and moves the others as `perm` says. */
export function extend(perm: Permutation, dropped: ReadonlySet<number>, rank: number): Permutation {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const kept = all.filter((axis) => !dropped.has(axis));
  return all.map((axis) => (dropped.has(axis) ? axis : (kept[perm[kept.indexOf(axis)] ?? -1] ?? axis)));
}

/** True when a tensor of this shape is the same in the new order, because only axes of size one change places. */
export function leavesAlone(perm: Permutation, shape: readonly SymDim[] | undefined): boolean {
  return perm.every((axis, index) => axis === index || (shape?.[axis] === 1 && shape[index] === 1));
}

/** The order that a Transpose gives its input. */
export function permutationOf(node: Node, facts: Facts): Permutation | Refusal {
  if (node.hasReferences) return refusals.attributeIsSetByCaller();
  const input = node.input(0);
  const rank = rankOf(input, facts);
  const given = node.ints("perm");
  if (given === undefined) {
    return rank === undefined
      ? refusals.inputRankIsUnknown()
      : Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  }
  const sound =
    given.every((axis) => axis >= 0 && axis < given.length) && new Set(given).size === given.length;
  return sound && (rank === undefined || rank === given.length) ? given : refusals.permIsInvalid();
}

/** A constant in another order of axes, computed when it is read; undefined where its elements are not whole bytes. */
export function permuteTensor(tensor: Tensor, perm: Permutation): Tensor | undefined {
  const dims = perm.map((axis) => tensor.dims[axis] ?? 1);
  const heavy = perm.filter((axis) => tensor.dims[axis] !== 1);
  if (heavy.every((axis, index) => index === 0 || axis > (heavy[index - 1] ?? 0)))
    return tensor.reshaped(dims);
  if (tensor.data.kind === "missing") return undefined;
  const { dtype, data } = tensor;
  if (data.kind === "strings") {
    const values = sourceOffsets(tensor.dims, perm).map((at) => data.values[at] ?? new Uint8Array());
    return new Tensor(dtype, dims, { kind: "strings", values });
  }
  const width = bitsOf(dtype) / 8;
  if (!Number.isInteger(width) || width === 0) return undefined;
  const compute = (): Uint8Array => permuteBytes(tensor.bytes(), width, tensor.dims, perm);
  return new Tensor(dtype, dims, { kind: "computed", compute });
}

function permuteBytes(
  bytes: Uint8Array,
  width: number,
  dims: readonly number[],
  perm: Permutation,
): Uint8Array {
  const moved = new Uint8Array(bytes.length);
  let at = 0;
  for (const from of sourceOffsets(dims, perm)) {
    for (let byte = 0; byte < width; byte++) moved[at++] = bytes[from * width + byte] ?? 0;
  }
  return moved;
}

/** The former place of each element of the permuted tensor, in row-major order. */
function sourceOffsets(dims: readonly number[], perm: Permutation): number[] {
  const strides = dims.map((_, axis) => product(dims.slice(axis + 1)));
  return perm.reduce<number[]>(
    (offsets, axis) => {
      const stride = strides[axis] ?? 1;
      const steps = Array.from({ length: dims[axis] ?? 1 }, (_, i) => i * stride);
      const next: number[] = [];
      for (const offset of offsets) for (const step of steps) next.push(offset + step);
      return next;
    },
    [0],
  );
}
