/**
 * The work of one run of a node. Most operators do a few operations for each element that they read and write, and declare
 * nothing; the others name one of these rules in their declaration (OperatorRecord.work).
 */

import { product } from "../base/integers.js";
import type { Node } from "../ir/graph.js";

/** A node and the sizes of its inputs and outputs in one run; undefined where they are not known. */
export interface NodeSizes {
  readonly node: Node;
  input(index: number): readonly number[] | undefined;
  output(index: number): readonly number[] | undefined;
  /** The most elements of an input, of all tensors of a sequence together; 0 for a skipped one. */
  elements(index: number): number | undefined;
}

/** What a node does beyond reading its inputs and writing its outputs once. */
export interface Work {
  /** Multiply-adds, or as many other elementary operations. */
  readonly operations: number;
  /** Elements that it holds besides inputs and outputs. Default: none. */
  readonly scratch?: number;
}

/** Undefined where the sizes that it needs are not known. An upper bound within a small factor. */
export type WorkRule = (sizes: NodeSizes) => Work | undefined;

/** Each element of the output is a sum over `depth` products. */
function sums(output: readonly number[] | undefined, depth: number | undefined): Work | undefined {
  return output === undefined || depth === undefined ? undefined : { operations: product(output) * depth };
}

/** A product of matrices: [..., M, K] with [..., K, N]; a vector is [K]. */
const matrixProduct: WorkRule = (c) => sums(c.output(0), c.input(0)?.at(-1));

/** Gemm: A is [M, K], or [K, M] with transA. */
const gemm: WorkRule = (c) => sums(c.output(0), c.input(0)?.[c.node.int("transA", 0) === 0 ? 1 : 0]);

/** An Einsum of up to two operands: a loop over all sizes. With more, the runtime chooses an order, and holds what that needs. */
const einsum: WorkRule = (c) => {
  if (c.node.inputs.length > 2) return undefined;
  const operands = c.node.string("equation", "").split("->")[0]?.replace(/\s/g, "").split(",") ?? [];
  const sizes = new Map<string, number>();
  let operations = 1;
  for (const [index, labels] of operands.entries()) {
    const dims = c.input(index);
    if (dims === undefined) return undefined;
    const [front = "", back = ""] = labels.split("...");
    const note = (label: string, size: number | undefined): void => {
      sizes.set(label, Math.max(sizes.get(label) ?? 1, size ?? 1));
    };
    [...front].forEach((label, axis) => {
      note(label, dims[axis]);
    });
    [...back].forEach((label, axis) => {
      note(label, dims[dims.length - back.length + axis]);
    });
    // The axes of an ellipsis broadcast; multiplied they are an upper bound.
    operations *= product(dims.slice(front.length, Math.max(front.length, dims.length - back.length)));
  }
  return { operations: operations * product([...sizes.values()]) };
};

/** A convolution with the weight [M, C/group, k...] as input `weight`. Some kernels lay all windows side by side. */
function convolution(weight: number): WorkRule {
  return (c) => {
    const [kernel, output] = [c.input(weight), c.output(0)];
    if (kernel === undefined || output === undefined) return undefined;
    const taps = product(kernel.slice(1));
    const places = product(output) / Math.max(1, output[1] ?? 1);
    const groups = c.node.int("group", 1);
    return { operations: product(output) * taps, scratch: places * taps * groups };
  };
}

/** A transposed convolution, whose weight is [C, M/group, k...]: each input element goes to all taps. */
const transposedConvolution: WorkRule = (c) => {
  const [input, kernel] = [c.input(0), c.input(1)];
  if (input === undefined || kernel === undefined) return undefined;
  const operations = product(input) * product(kernel.slice(1));
  return { operations, scratch: (operations * c.node.int("group", 1)) / Math.max(1, input[1] ?? 1) };
};

/** Each element of the output is one of, or a mean over, a window of `kernel_shape`. */
const windows: WorkRule = (c) => sums(c.output(0), product(c.node.ints("kernel_shape") ?? []));

/** Each element of the output reads as much as a whole map of the input [N, C, H, W]. */
const regions: WorkRule = (c) => {
  const input = c.input(0);
  return input && sums(c.output(0), product(input.slice(2)));
};

/** Each element reads its neighbours along the channels. */
const neighbours: WorkRule = (c) => sums(c.output(0), c.node.int("size", 1));

/** A layer over X [T, N, C] with W [D, G H, C] and R [D, G H, H]. */
const recurrence: WorkRule = (c) => {
  const [x, w, r] = [c.input(0), c.input(1), c.input(2)];
  if (x === undefined || w === undefined || r === undefined) return undefined;
  const steps = product(x.slice(0, 2));
  return { operations: steps * (product(w) + product(r)), scratch: steps * product(w.slice(0, 2)) };
};

/** Queries [..., Q, D] with keys [..., K, D]: a score for each pair, and the sum that it weighs. Past keys count too. */
const attention: WorkRule = (c) => {
  const [queries, keys] = [c.input(0), c.input(1)];
  if (queries === undefined || keys === undefined) return undefined;
  const heads = queries.length === 3 ? c.node.int("q_num_heads", 1) : (queries[1] ?? 1);
  const length = (keys.at(-2) ?? 1) + (c.input(4)?.at(-2) ?? 0);
  const scores = (queries[0] ?? 1) * heads * (queries.at(-2) ?? 1) * length;
  return { operations: 2 * product(queries) * length, scratch: scores };
};

/** Boxes [N, B, 4] with scores [N, C, B]: each box is compared with the others. */
const suppression: WorkRule = (c) => {
  const scores = c.input(1);
  return scores && { operations: product(scores) * (scores.at(-1) ?? 1) };
};

/** Each element is a sum over the whole length: what a transform of a length without small factors takes. */
const transform: WorkRule = (c) => {
  const [input, output] = [c.input(0), c.output(0)];
  if (input === undefined || output === undefined) return undefined;
  const axis = c.node.is("STFT") ? 1 : c.node.int("axis", 1);
  const length = Math.max(input.at(axis) ?? 1, output.at(axis) ?? 1);
  return { operations: product(output) * length, scratch: product(output) };
};

/** Matrices [..., N, N] by elimination. */
const elimination: WorkRule = (c) => {
  const input = c.input(0);
  return sums(input, input?.at(-1));
};

/** The name of a rule. */
export type WorkName =
  | "attention"
  | "convolution"
  | "einsum"
  | "elimination"
  | "gemm"
  | "matrixProduct"
  | "neighbours"
  | "quantizedConvolution"
  | "recurrence"
  | "regions"
  | "suppression"
  | "transform"
  | "transposedConvolution"
  | "windows";

/** The rules by name. */
export const WORK_RULES: Readonly<Record<WorkName, WorkRule>> = {
  attention,
  convolution: convolution(1),
  einsum,
  elimination,
  gemm,
  matrixProduct,
  neighbours,
  quantizedConvolution: convolution(3),
  recurrence,
  regions,
  suppression,
  transform,
  transposedConvolution,
  windows,
};

/** The most elements of all outputs together where only a run tells how many there are; undefined where that is not known. */
export type BoundRule = (sizes: NodeSizes) => number | undefined;

/** As many as the inputs have, once for each of `times` outputs. */
function inputElements(times: number): BoundRule {
  return (c) => {
    let sum = 0;
    for (const index of c.node.inputs.keys()) sum += c.elements(index) ?? Number.NaN;
    return Number.isNaN(sum) ? undefined : sum * times;
  };
}

/** An index for each axis of each element. */
const indices: BoundRule = (c) => {
  const input = c.input(0);
  return input && product(input) * Math.max(1, input.length);
};

/** Three numbers for each score. */
const selections: BoundRule = (c) => {
  const scores = c.input(1);
  return scores && 3 * product(scores);
};

/** The name of a rule. */
export type BoundName = "fourTimesInputs" | "indices" | "inputs" | "selections";

/** The rules by name. */
export const BOUND_RULES: Readonly<Record<BoundName, BoundRule>> = {
  fourTimesInputs: inputElements(4),
  indices,
  inputs: inputElements(1),
  selections,
};
