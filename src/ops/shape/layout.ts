import { isRefusal, type Refusal } from "../../base/refusal.js";
import type { Node, Value } from "../../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../../ir/tensor.js";
import { constantTensor } from "../../rules/constants.js";
import { product, type SymDim, sameDim } from "../../rules/dims.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { Facts } from "../../rules/facts.js";
import {
  alike,
  type LayoutFacet,
  largerOrder,
  moved,
  NO_CHANGE,
  namedAxes,
  type Relayout,
} from "../../rules/layout/facet.js";
import { isIdentity, type Permutation, permuteTensor, restrict } from "../../rules/layout/permutation.js";
import { refusals as shared } from "../../rules/refusals.js";
import { rankOf } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/** Axes of the input and of the output that hold the same elements. Axes of size one are in no piece. */
interface Piece {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * A Reshape splits and merges axes within pieces. Where the new order moves pieces as a whole, the Reshape does the same in the
 * new order; axes of size one may be anywhere. Where axes move within a piece that is multiplied by a constant matrix, the
 * rows of the matrix move instead.
 */
const RESHAPE: LayoutFacet = (node, { side, index, perm }, facts): Relayout | Refusal => {
  if (side === "input" && index !== 0) return shared.valueIsNotItsData("shape");
  const [input, output] = [node.input(0), node.output(0)];
  const [before, after] = [input && facts.shape(input), output && facts.shape(output)];
  if (before === undefined || after === undefined || output === undefined) return refusals.shapeIsUnknown();
  if ([...before, ...after].includes(0) || node.int("allowzero", 0) !== 0) return refusals.sizeMayBeZero();
  const pieces = piecesOf(before, after);
  if (pieces === undefined) return refusals.axesAreNotFollowed();
  const near: "from" | "to" = side === "input" ? "from" : "to";
  const far: "from" | "to" = side === "input" ? "to" : "from";
  const [own, other] = side === "input" ? [before, after] : [after, before];
  const heavy = perm.filter((axis) => own[axis] !== 1);
  const order = orderOfPieces(heavy, pieces, near);
  if (order === undefined) {
    return side === "input"
      ? intoRows(node, output, { heavy, perm, pieces, before, after }, facts)
      : refusals.orderCutsThroughAxes();
  }
  const farOrder = placed(
    order.flatMap((piece) => piece[far]),
    other,
  );
  const [inputs, outputs] = side === "input" ? [perm, farOrder] : [farOrder, perm];
  const target = newTarget(
    node,
    inputs.map((axis) => before[axis]),
    outputs.map((axis) => after[axis]),
    facts,
  );
  if (isRefusal(target)) return target;
  return { ...target, inputs: moved([[0, inputs]]), outputs: moved([[0, outputs]]) };
};

/** Cuts both shapes where the same number of elements lies before the cut, for all values of the symbols. */
function piecesOf(before: readonly SymDim[], after: readonly SymDim[]): readonly Piece[] | undefined {
  const heavy = (shape: readonly SymDim[]): number[] => [...shape.keys()].filter((axis) => shape[axis] !== 1);
  const [a, b] = [heavy(before), heavy(after)];
  const upTo = (
    axes: readonly number[],
    shape: readonly SymDim[],
    count: number,
  ): ReturnType<typeof product> => product(axes.slice(0, count).map((axis) => shape[axis]));
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  for (let end = 1; end <= a.length; end++) {
    const whole = upTo(a, before, end);
    const to = b.findIndex((_, at) => at >= j && sameDim(upTo(b, after, at + 1), whole));
    if (to < 0) continue;
    pieces.push({ from: a.slice(i, end), to: b.slice(j, to + 1) });
    [i, j] = [end, to + 1];
  }
  const [restA, restB] = [a.slice(i), b.slice(j)];
  if (restA.length === 0 && restB.length === 0) return pieces;
  // The rest is one piece, because both sides have the same number of elements.
  return restA.length > 0 && restB.length > 0 ? [...pieces, { from: restA, to: restB }] : undefined;
}

/** The pieces in the new order; undefined where the axes of a piece do not stay together and in order. */
function orderOfPieces(
  axes: readonly number[],
  pieces: readonly Piece[],
  side: "from" | "to",
): readonly Piece[] | undefined {
  const order: Piece[] = [];
  for (let at = 0; at < axes.length; ) {
    const piece = pieces.find((each) => each[side][0] === axes[at]);
    if (piece === undefined || piece[side].some((axis, i) => axis !== axes[at + i])) return undefined;
    order.push(piece);
    at += piece[side].length;
  }
  return order;
}

/**
 * An order of all axes in which these have the given order. An axis of size one moves with the axis behind it, from which a
 * Reshape to [2, 1, 24] made it; leading ones, such as a batch of one, stay in front.
 */
function placed(axes: readonly number[], shape: readonly SymDim[]): Permutation {
  const front = shape.findIndex((size) => size !== 1);
  const [order, end] = [[...shape.keys()].slice(0, Math.max(front, 0)), shape.length];
  for (const axis of axes) {
    let first = axis;
    while (first - 1 > front && shape[first - 1] === 1) first--;
    for (let at = first; at <= axis; at++) order.push(at);
  }
  for (let at = 0; at < end; at++) if (!order.includes(at)) order.push(at);
  return order;
}

/** The target shape for the new order: numbers, one -1, and 0 where the input has the same size at the same place. */
function newTarget(
  node: Node,
  before: readonly (SymDim | undefined)[],
  after: readonly (SymDim | undefined)[],
  facts: Facts,
): Pick<Relayout, "attributes" | "constants"> | Refusal {
  if (node.is("Flatten")) return newFlatten(before, after);
  const shape = node.input(1);
  if (shape === undefined) return refusals.targetIsAttribute();
  const given = facts.numbers(shape);
  const computed = after.filter((size) => typeof size !== "number").length;
  const target = after.map((size, axis) => {
    if (typeof size === "number") return size;
    if (computed === 1) return -1;
    return sameDim(size, before[axis]) ? 0 : -1;
  });
  const rest = target.filter((size) => size === -1).length;
  // A copied size may be zero, and then -1 means nothing, unless the model had both already.
  const mixed = rest > 0 && target.includes(0);
  const hadMixed = given?.includes(0) && given.includes(-1);
  if (rest > 1 || (mixed && !hadMixed)) return refusals.targetHasSeveralDynamicSizes();
  return { constants: new Map([[1, tensorFromNumbers("int64", [target.length], target)]]) };
}

/** Flatten has no target shape, only the axis that cuts its input in two. */
function newFlatten(
  before: readonly (SymDim | undefined)[],
  after: readonly (SymDim | undefined)[],
): Pick<Relayout, "attributes"> | Refusal {
  for (let axis = 0; axis <= before.length; axis++) {
    const [rows, columns] = [product(before.slice(0, axis)), product(before.slice(axis))];
    if (sameDim(rows, after[0]) && sameDim(columns, after[1])) return { attributes: { axis } };
  }
  return refusals.orderHasNoCut();
}

interface Scramble {
  readonly heavy: readonly number[];
  readonly perm: Permutation;
  readonly pieces: readonly Piece[];
  readonly before: readonly SymDim[];
  readonly after: readonly SymDim[];
}

/**
 * The pieces stay in their places, and only the axes within the last piece, which becomes the last axis, change their order.
 * Readers that multiply by a constant matrix get its rows in that order.
 */
function intoRows(
  node: Node,
  output: Value,
  { heavy, perm, pieces, before, after }: Scramble,
  facts: Facts,
): Relayout | Refusal {
  const no = refusals.orderCutsThroughAxes();
  const last = pieces.at(-1);
  const only = last?.to.length === 1 && last.to[0] === after.length - 1;
  if (last === undefined || !only) return no;
  const front = heavy.slice(0, heavy.length - last.from.length);
  if (front.some((axis, i) => axis !== pieces.slice(0, -1).flatMap((piece) => piece.from)[i])) return no;
  const back = heavy.slice(front.length);
  const sizes = last.from.map((axis) => before[axis]);
  const known = sizes.filter((size) => typeof size === "number");
  if (known.length !== sizes.length) return refusals.mergedSizesAreNotNumbers();
  const rows = back.map((axis) => last.from.indexOf(axis));
  const elsewhere: { node: Node; index: number; tensor: Tensor }[] = [];
  for (const use of output.uses) {
    if (use.kind !== "node") return refusals.mergedValueIsNotOnlyMultiplied(output.name);
    const { node: reader, index } = use;
    const isProduct =
      reader.is("MatMul") || (reader.is("Gemm") && reader.int("transA", 0) === 0 && !reader.hasReferences);
    const weight = constantTensor(reader.input(1));
    if (!isProduct || index !== 0 || reader.inputs.indexOf(output, 1) >= 0 || facts.isCall(reader)) {
      return refusals.mergedValueIsReadElsewhere(output.name, reader.label);
    }
    if (weight?.dims.length !== 2) return refusals.readerWeightIsNoMatrix(reader.label);
    const transB = reader.is("Gemm") && reader.int("transB", 0) !== 0;
    const columns = weight.dims[transB ? 0 : 1] ?? 1;
    const split = transB ? [columns, ...known] : [...known, columns];
    const order = transB ? [0, ...rows.map((axis) => axis + 1)] : [...rows, rows.length];
    if (split.reduce((size, dim) => size * dim, 1) !== weight.size) return no;
    const permuted = permuteTensor(weight.reshaped(split), order);
    if (permuted === undefined) return refusals.readerWeightCannotBePermuted(reader.label, weight.dtype);
    elsewhere.push({ node: reader, index: 1, tensor: permuted.reshaped(weight.dims) });
  }
  if (isIdentity(rows) || elsewhere.length === 0) return no;
  const target = newTarget(
    node,
    perm.map((axis) => before[axis]),
    after,
    facts,
  );
  if (isRefusal(target)) return target;
  return { ...target, inputs: moved([[0, perm]]), outputs: moved([]), elsewhere };
}

/** Shape: readers that pick single sizes get the new indices. */
const SHAPE: LayoutFacet = (node, { side, perm }, facts): Relayout | Refusal => {
  const output = node.output(0);
  if (side === "output" || output === undefined) return refusals.sizesHaveNoOrder();
  if (node.attribute("start") !== undefined || node.attribute("end") !== undefined) {
    return refusals.rangeOfSizesIsGiven();
  }
  const elsewhere: { node: Node; index: number; tensor: Tensor }[] = [];
  for (const use of output.uses) {
    const reader = use.kind === "node" ? use.node : undefined;
    const picks = reader?.is("Gather") && !reader.hasReferences && use.kind === "node" && use.index === 0;
    if (reader === undefined || !picks || facts.isCall(reader)) return refusals.sizesAreReadInOrder();
    const picked = constantTensor(reader.input(1));
    const whole = picked?.dtype === "int64" || picked?.dtype === "int32";
    if (picked === undefined || !whole || picked.size > 64) return refusals.sizesReadAreUnknown();
    const axes = picked.toIntegers().map((axis) => perm.indexOf(axis < 0 ? axis + perm.length : axis));
    if (axes.includes(-1)) return refusals.missingSizeIsRead();
    elsewhere.push({ node: reader, index: 1, tensor: tensorFromNumbers(picked.dtype, picked.dims, axes) });
  }
  return { ...NO_CHANGE, inputs: moved([[0, perm]]), outputs: moved([]), elsewhere };
};

/** Squeeze drops axes of its input, and Unsqueeze adds axes. */
const SQUEEZE: LayoutFacet = (node, anchor, facts) => {
  const larger = node.is("Squeeze") ? "input" : "output";
  const rank = rankOf(larger === "input" ? node.input(0) : node.output(0), facts);
  if (rank === undefined) return shared.inputRankIsUnknown();
  const named = namedAxes(node, 1, rank, facts);
  if (isRefusal(named)) return named;
  if (named === undefined) return refusals.squeezesAllOnes();
  const dropped = new Set(named.axes);
  const order = largerOrder(anchor, larger, dropped, rank);
  const [wide, narrow] = [moved([[0, order]]), moved([[0, restrict(order, dropped)]])];
  const renamed = named.rename(named.axes.map((axis) => order.indexOf(axis)));
  return larger === "input"
    ? { ...renamed, inputs: wide, outputs: narrow }
    : { ...renamed, inputs: narrow, outputs: wide };
};

export const layout: FacetTable<keyof typeof OPERATORS, LayoutFacet> = {
  Flatten: RESHAPE,
  Identity: alike([0]),
  Reshape: RESHAPE,
  Shape: SHAPE,
  Size: missing("it does not depend on the order of the axes"),
  Squeeze: SQUEEZE,
  Unsqueeze: SQUEEZE,
};
