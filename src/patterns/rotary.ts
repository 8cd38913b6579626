import { product } from "../base/integers.js";
import { isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import { type SymDim, sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { normalAxis } from "../rules/shapes.js";
import { type Context, producerOf } from "./found.js";
import { scalarBeside } from "./scalar-terms.js";

/**
 * x cos + rotate(x) sin, with rotate(x) = [-b, a] of the halves [a, b] of x's last axis: a rotary embedding of
 * [batch, heads, sequence, width], whose tables have two equal halves.
 */
export interface RotaryReading {
  readonly input: Value;
  readonly cos: HalfTable;
  readonly sin: HalfTable;
  readonly nodes: readonly Node[];
}

/** The first half of a table along its last axis: what computes it, to be written once more for the half. */
export type Half =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "node"; readonly node: Node; readonly input: number; readonly half: Half };

/** A table of [1 or batch, sequence, width / 2], or a constant one of [sequence, width / 2] that all of a batch share. */
export type HalfTable =
  | { readonly kind: "computed"; readonly half: Half }
  | { readonly kind: "constant"; readonly tensor: Tensor; readonly name: string };

/** Reads the rotary embedding that ends in the Add. */
export function readRotary(sum: Node, facts: Facts): RotaryReading | undefined {
  const result = sum.output(0);
  const opset = facts.opset(sum);
  if (result === undefined || opset === undefined || sum.hasReferences || facts.isCall(sum)) return undefined;
  const context: Context = { facts, root: sum, dtype: facts.dtype(result), opset };
  for (const [plain, turned] of ordersOf(sum)) {
    const [left, right] = [producerOf(plain, "Mul", context), producerOf(turned, "Mul", context)];
    if (left === undefined || right === undefined) continue;
    for (const [rotated, sine] of ordersOf(right)) {
      const rotation = readRotation(rotated, context);
      if (rotation === undefined) continue;
      for (const [input, cosine] of ordersOf(left)) {
        if (input !== rotation.input) continue;
        const shape = facts.shape(input);
        const [cos, sin] = [tableOf(cosine, shape, facts), tableOf(sine, shape, facts)];
        if (cos === undefined || sin === undefined || cos.kind !== sin.kind) continue;
        return { input, cos, sin, nodes: [...rotation.nodes, left, right, sum] };
      }
    }
  }
  return undefined;
}

function ordersOf(node: Node): readonly (readonly [Value, Value])[] {
  const [a, b] = [node.input(0), node.input(1)];
  if (a === undefined || b === undefined) return [];
  return [
    [a, b],
    [b, a],
  ];
}

/** Concat(-b, a), with a and b the halves of the input by two Slices or one Split. */
function readRotation(
  value: Value,
  context: Context,
): { readonly input: Value; readonly nodes: readonly Node[] } | undefined {
  const { facts } = context;
  const concat = producerOf(value, "Concat", context);
  const [negated, first, ...more] = concat?.inputs ?? [];
  const rank = facts.rank(value);
  if (concat === undefined || !negated || !first || more.length > 0 || rank === undefined) return undefined;
  if (normalAxis(concat.int("axis"), rank) !== rank - 1) return undefined;
  const minus = negative(negated, context);
  if (minus === undefined) return undefined;
  const [a, b] = [halfOf(first, context), halfOf(minus.source, context)];
  if (a?.half !== 0 || b?.half !== 1 || a.input !== b.input) return undefined;
  return { input: a.input, nodes: [...new Set([a.node, b.node]), minus.node, concat] };
}

function negative(
  value: Value,
  context: Context,
): { readonly node: Node; readonly source: Value } | undefined {
  const neg = producerOf(value, "Neg", context);
  const source = neg?.input(0);
  if (neg !== undefined && source !== undefined) return { node: neg, source };
  const mul = producerOf(value, "Mul", context);
  const found = mul && ordersOf(mul).find(([own, other]) => scalarBeside(other, own, context.facts) === -1);
  return mul !== undefined && found !== undefined ? { node: mul, source: found[0] } : undefined;
}

/** Which half of which value along the last axis: 0 or 1. */
function halfOf(
  value: Value,
  context: Context,
): { readonly node: Node; readonly input: Value; readonly half: number } | undefined {
  const { facts } = context;
  const node = value.producer;
  const input = node?.input(0);
  const shape = input && facts.shape(input);
  const width = shape?.at(-1);
  if (node === undefined || input === undefined || shape === undefined || typeof width !== "number")
    return undefined;
  if (node.graph !== context.root.graph || node.hasReferences || facts.isCall(node)) return undefined;
  const size = facts.shape(value)?.at(-1);
  if (width % 2 !== 0 || size !== width / 2) return undefined;
  if (node.is("Split")) {
    const isLast = normalAxis(node.int("axis", 0), shape.length) === shape.length - 1;
    return isLast && node.outputs.length === 2
      ? { node, input, half: node.outputs.indexOf(value) }
      : undefined;
  }
  if (!node.is("Slice")) return undefined;
  const [starts, axes, steps] = [1, 3, 4].map((index) => {
    const operand = node.input(index);
    return operand && facts.numbers(operand);
  });
  const isAlone = starts?.length === 1 && axes?.length === 1 && (steps === undefined || steps[0] === 1);
  if (!isAlone || normalAxis(axes[0], shape.length) !== shape.length - 1) return undefined;
  const [start = Number.NaN] = starts;
  const from = start < 0 ? start + width : start;
  if (from !== 0 && from !== width / 2) return undefined;
  return { node, input, half: from === 0 ? 0 : 1 };
}

/** The table of cosines or sines as RotaryEmbedding takes it; undefined where its halves may differ, or heads have their own. */
function tableOf(value: Value, shape: readonly SymDim[] | undefined, facts: Facts): HalfTable | undefined {
  const own = facts.shape(value);
  if (shape?.length !== 4 || own === undefined || own.length > 4 || own.length < 2) return undefined;
  const [batch, heads = 1, sequence, width] = [...Array<SymDim>(4 - own.length).fill(1), ...own];
  if (heads !== 1 || !sameDim(sequence, shape[2]) || !sameDim(width, shape[3])) return undefined;
  const tensor = constantTensor(value);
  if (tensor !== undefined) {
    const half = batch === 1 ? firstHalf(tensor) : undefined;
    return half && { kind: "constant", tensor: half, name: value.name };
  }
  // Behind a view that puts in the axis of the heads, or with that axis in the middle of the expression.
  const view = value.producer;
  const inner = view?.input(0);
  if (view === undefined || inner === undefined || !hasTrait(view, "view") || facts.isCall(view))
    return undefined;
  const before = facts.shape(inner);
  if (before?.length !== 3 || !sameDim(before[0], shape[0]) || !sameDim(before[1], sequence))
    return undefined;
  const half = sameDim(before[2], width) ? halved(inner, facts) : undefined;
  return half && { kind: "computed", half };
}

/** [sequence, width / 2] of a table whose last axis has two equal halves. */
function firstHalf(tensor: Tensor): Tensor | undefined {
  const width = tensor.dims.at(-1) ?? 0;
  const half = width / 2;
  if (!isFloat(tensor.dtype) || width === 0 || width % 2 !== 0) return undefined;
  const elements = tensor.toFloat64();
  const kept: number[] = [];
  for (let at = 0; at < elements.length; at++) {
    const isSecond = at % width >= half;
    if (!isSecond) kept.push(elements[at] ?? 0);
    else if (elements[at] !== elements[at - half]) return undefined;
  }
  return tensorFromNumbers(tensor.dtype, [product(tensor.dims.slice(0, -1)), half], kept);
}

/** What computes the first half of a value with two equal halves along its last axis. */
function halved(value: Value, facts: Facts): Half | undefined {
  const node = value.producer;
  if (node === undefined || node.hasReferences || facts.isCall(node)) return undefined;
  const [a, b] = [node.input(0), node.input(1)];
  if (a === undefined) return undefined;
  if (node.is("Concat")) {
    const rank = facts.rank(value) ?? 0;
    const isTwice = node.inputs.length === 2 && a === b && normalAxis(node.int("axis"), rank) === rank - 1;
    return isTwice ? { kind: "value", value: a } : undefined;
  }
  const index = node.is("Cos", "Sin", "Cast")
    ? 0
    : node.is("Mul") && b !== undefined
      ? scaledOperand(a, b, facts)
      : undefined;
  const source = index === undefined ? undefined : node.input(index);
  const half = source && halved(source, facts);
  return index === undefined || half === undefined ? undefined : { kind: "node", node, input: index, half };
}

function scaledOperand(a: Value, b: Value, facts: Facts): number | undefined {
  if (scalarBeside(b, a, facts) !== undefined) return 0;
  return scalarBeside(a, b, facts) === undefined ? undefined : 1;
}
