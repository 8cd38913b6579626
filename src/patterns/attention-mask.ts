import { isRefusal, type Refusal } from "../base/refusal.js";
import type { Node, Value } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { constantTensor } from "../rules/constants.js";
import { type SymDim, sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { refusals } from "./refusals.js";

/** What is added to the scores, as Attention takes it. */
export interface FittedMask {
  /** The mask, or the two whose sum it is. */
  readonly terms: readonly { readonly value: Value; readonly softened: Softened | undefined }[];
  /** Repeat its only row for so many queries, since onnxruntime repeats batches and heads only. */
  readonly rows: number | undefined;
  /** Put an axis for the heads behind the batch. */
  readonly addHeads: boolean;
}

/**
 * A mask whose lowest numbers are halved. Softmax gives no weight to either, beside keys that are not hidden. Where all keys are
 * hidden, the spelling gives them equal weight, while Attention gives a row at the lowest number no weight at all.
 */
export type Softened =
  | { readonly kind: "constant"; readonly value: Value; readonly tensor: Tensor }
  | { readonly kind: "node"; readonly node: Node; readonly inputs: ReadonlyMap<number, Softened> };

/** The masks that are added to scores of these sizes, as the one that Attention takes. */
export function fitMask(
  masks: readonly Value[],
  scores: readonly SymDim[],
  facts: Facts,
): FittedMask | Refusal {
  const terms: { value: Value; softened: Softened | undefined }[] = [];
  const queries = scores.at(-2);
  let [hasRows, hasBatch] = [false, false];
  for (const value of masks) {
    const shape = facts.shape(value);
    if (shape === undefined) return refusals.maskShapeIsUnknown(value.name);
    if (!broadcastsTo(shape, scores)) return refusals.maskDoesNotFit(value.name);
    hasRows ||= shape.length > 1 && sameDim(shape.at(-2), queries);
    hasBatch ||= shape.length === 3 && shape[0] !== 1;
    const softened = soften(value, masks.length > 1, DEEPEST, facts);
    if (isRefusal(softened)) return softened;
    terms.push({ value, softened });
  }
  if (!hasRows && typeof queries !== "number") return refusals.maskRowsAreDynamic(masks[0]?.name ?? "");
  const rows = hasRows || typeof queries !== "number" ? undefined : queries;
  return { terms, rows, addHeads: scores.length === 3 && hasBatch };
}

/** Whether a mask has the scores' keys, and of every other axis their size or one. */
function broadcastsTo(shape: readonly SymDim[], scores: readonly SymDim[]): boolean {
  const lead = scores.length - shape.length;
  if (lead < 0 || shape.length === 0 || !sameDim(shape.at(-1), scores.at(-1))) return false;
  return shape.slice(0, -1).every((dim, axis) => dim === 1 || sameDim(dim, scores[axis + lead]));
}

/** How many operators behind each other make a mask; exporters write three or four. */
const DEEPEST = 8;

/** Masks with more elements are not read. */
const MAX_ELEMENTS = 1 << 22;

/** The lowest numbers, and those that a conversion makes of them. */
const LOWEST = -3.4e38;
const LOWEST_HALF = -65000;

/** The data of these operators: the elements of their results are elements of it. */
const MOVERS: Partial<Record<StandardOperator, "rows" | "elements">> = {
  Expand: "rows",
  Identity: "rows",
  Unsqueeze: "rows",
  Gather: "elements",
  Reshape: "elements",
  Slice: "elements",
  Squeeze: "elements",
  Transpose: "elements",
};

/**
 * The mask with its lowest numbers halved; undefined where it has none, or constant rows of which each leaves a key; a refusal
 * where it has some that cannot be halved. `mixed`: rows are put together from several constants.
 */
function soften(value: Value, mixed: boolean, depth: number, facts: Facts): Softened | Refusal | undefined {
  const tensor = constantTensor(value);
  if (tensor !== undefined) return softenConstant(value, tensor, mixed);
  const node = value.producer;
  if (node === undefined || depth === 0 || node.hasReferences || facts.isCall(node)) return undefined;
  const moves = Object.entries(MOVERS).find(([name]) => node.opType === name)?.[1];
  if (moves !== undefined) return softenInputs(node, [0], mixed || moves === "elements", depth, facts);
  if (node.is("Where")) return softenInputs(node, [1, 2], true, depth, facts);
  if (node.is("Add", "Min")) return softenInputs(node, [0, 1], true, depth, facts);
  if (!node.is("Mul")) return undefined;
  const [a, b] = [node.input(0), node.input(1)];
  const isBinary = [a, b].some((operand) => operand !== undefined && isZeroOrOne(operand, facts));
  const found = softenInputs(node, [0, 1], true, depth, facts);
  return found === undefined || isBinary ? found : refusals.maskMayHideRows(value.name);
}

function softenInputs(
  node: Node,
  indices: readonly number[],
  mixed: boolean,
  depth: number,
  facts: Facts,
): Softened | Refusal | undefined {
  const inputs = new Map<number, Softened>();
  for (const index of indices) {
    const input = node.input(index);
    const found = input === undefined ? undefined : soften(input, mixed, depth - 1, facts);
    if (isRefusal(found)) return found;
    if (found !== undefined) inputs.set(index, found);
  }
  return inputs.size === 0 ? undefined : { kind: "node", node, inputs };
}

function softenConstant(value: Value, tensor: Tensor, mixed: boolean): Softened | Refusal | undefined {
  if (tensor.dtype !== "float" && tensor.dtype !== "float16") return undefined;
  if (tensor.size > MAX_ELEMENTS) return refusals.maskMayHideRows(value.name);
  const lowest = tensor.dtype === "float" ? LOWEST : LOWEST_HALF;
  const elements = tensor.toFloat64();
  const isLow = (element: number): boolean => element <= lowest && element !== Number.NEGATIVE_INFINITY;
  if (!elements.some(isLow)) return undefined;
  const width = tensor.dims.at(-1) ?? 1;
  const leavesKeys =
    !mixed && width > 0 && everyRow(elements, width, (row) => row.some((each) => each > lowest));
  if (leavesKeys) return undefined;
  // In float16 half of it is not far enough from the scores to leave their differences behind.
  if (tensor.dtype === "float16") return refusals.maskMayHideRows(value.name);
  const halved = Array.from(elements, (element) => (isLow(element) ? element / 2 : element));
  return { kind: "constant", value, tensor: tensorFromNumbers(tensor.dtype, tensor.dims, halved) };
}

function everyRow(elements: Float64Array, width: number, test: (row: Float64Array) => boolean): boolean {
  for (let at = 0; at < elements.length; at += width) {
    if (!test(elements.subarray(at, at + width))) return false;
  }
  return true;
}

/** Whether all elements are 0 or 1: a boolean as a number, or one minus it. */
function isZeroOrOne(value: Value, facts: Facts): boolean {
  const node = value.producer;
  if (node === undefined || facts.isCall(node)) return false;
  const input = node.input(0);
  if (node.is("Cast")) return input !== undefined && facts.dtype(input) === "bool";
  if (node.is("Unsqueeze", "Expand", "Reshape")) return input !== undefined && isZeroOrOne(input, facts);
  const other = node.input(1);
  if (!node.is("Sub") || input === undefined || other === undefined) return false;
  const numbers = facts.numbers(input);
  return numbers?.length === 1 && numbers[0] === 1 && isZeroOrOne(other, facts);
}
