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
  /** Products that are added to a sum: of the definition, so that a border of zeros counts too. Default: none. */
  readonly multiplyAdds?: number;
  /** Other elementary operations: additions, comparisons. Default: none. */
  readonly others?: number;
  /** Elements that it holds besides inputs and outputs. Default: none. */
  readonly scratch?: number;
  /** How much is done hangs on the elements, or on the kernel; this is the most. */
  readonly isBound?: true;
}

/** Undefined where the sizes that it needs are not known. */
export type WorkRule = (sizes: NodeSizes) => Work | undefined;

/** Each element of the output is a sum over `depth` products. */
function sums(output: readonly number[] | undefined, depth: number | undefined): Work | undefined {
  return output === undefined || depth === undefined ? undefined : { multiplyAdds: product(output) * depth };
}

/** Each element of the output is found among `depth` others, or is their sum. */
function choices(
  output: readonly number[] | undefined,
  depth: number | undefined,
  bound: Pick<Work, "isBound"> = {},
): Work | undefined {
  if (output === undefined || depth === undefined) return undefined;
  return { others: product(output) * depth, ...bound };
}

/** A product of matrices: [..., M, K] with [..., K, N]; a vector is [K]. */
const matrixProduct: WorkRule = (c) => sums(c.output(0), c.input(0)?.at(-1));

/** Gemm: A is [M, K], or [K, M] with transA. */
const gemm: WorkRule = (c) => sums(c.output(0), c.input(0)?.[c.node.int("transA", 0) === 0 ? 1 : 0]);

/**
 * An Einsum: operands are taken in from left to right, and a label that neither a later operand nor the output has is summed over as
 * soon as it can be, as onnxruntime does it. Each product is a loop over all labels of its two operands.
 */
const einsum: WorkRule = (c) => {
  const [terms = "", result] = c.node.string("equation", "").replace(/\s/g, "").split("->");
  const sizes = new Map<string, number>();
  const operands: (readonly string[])[] = [];
  for (const [index, term] of terms.split(",").entries()) {
    const dims = c.input(index);
    if (dims === undefined) return undefined;
    const labels = labelsOf(term, dims.length);
    labels.forEach((label, axis) => {
      sizes.set(label, Math.max(sizes.get(label) ?? 1, dims[axis] ?? 1));
    });
    operands.push(labels);
  }
  const extent = (labels: readonly string[]): number => product(labels.map((label) => sizes.get(label) ?? 1));
  const all = operands.flat();
  const isKept = (label: string): boolean => {
    if (label.startsWith(ELLIPSIS)) return result === undefined || result.includes(ELLIPSIS);
    return result === undefined ? all.indexOf(label) === all.lastIndexOf(label) : result.includes(label);
  };
  let [held = [], ...others] = operands;
  if (others.length === 0) return { others: extent([...sizes.keys()]) };
  let [multiplyAdds, scratch] = [0, 0];
  for (let next = others[0]; next !== undefined; next = others[0]) {
    others = others.slice(1);
    const loop = [...new Set([...held, ...next])];
    multiplyAdds += extent(loop);
    held = loop.filter((label) => isKept(label) || others.flat().includes(label));
    if (others.length > 0) scratch += extent(held);
  }
  return scratch === 0 ? { multiplyAdds } : { multiplyAdds, scratch };
};

const ELLIPSIS = "...";

/** The labels of an operand's axes. Those of an ellipsis are counted from the last, because they broadcast. */
function labelsOf(term: string, rank: number): string[] {
  const [front = "", back] = term.split(ELLIPSIS);
  if (back === undefined) return [...front];
  const covered = Math.max(0, rank - front.length - back.length);
  return [...front, ...Array.from({ length: covered }, (_, i) => `${ELLIPSIS}${covered - i}`), ...back];
}

/** A convolution with the weight [M, C/group, k...] as input `weight`. Some kernels lay all windows side by side. */
function convolution(weight: number): WorkRule {
  return (c) => {
    const [kernel, output] = [c.input(weight), c.output(0)];
    if (kernel === undefined || output === undefined) return undefined;
    const taps = product(kernel.slice(1));
    const places = product(output) / Math.max(1, output[1] ?? 1);
    const groups = c.node.int("group", 1);
    return { multiplyAdds: product(output) * taps, scratch: places * taps * groups };
  };
}

/** A transposed convolution, whose weight is [C, M/group, k...]: each input element goes to all taps. */
const transposedConvolution: WorkRule = (c) => {
  const [input, kernel] = [c.input(0), c.input(1)];
  if (input === undefined || kernel === undefined) return undefined;
  const multiplyAdds = product(input) * product(kernel.slice(1));
  return { multiplyAdds, scratch: (multiplyAdds * c.node.int("group", 1)) / Math.max(1, input[1] ?? 1) };
};

/** Each element of the output is one of, or a mean over, a window of `kernel_shape`. */
const windows: WorkRule = (c) => choices(c.output(0), product(c.node.ints("kernel_shape") ?? []));

/** Each element of the output reads as much as a whole map of the input [N, C, H, W], at most. */
const regions: WorkRule = (c) => {
  const input = c.input(0);
  return input && choices(c.output(0), product(input.slice(2)), { isBound: true });
};

/** Each element sums the squares of its neighbours along the channels. */
const neighbours: WorkRule = (c) => sums(c.output(0), c.node.int("size", 1));

/** A layer over X [T, N, C] with W [D, G H, C] and R [D, G H, H]. */
const recurrence: WorkRule = (c) => {
  const [x, w, r] = [c.input(0), c.input(1), c.input(2)];
  if (x === undefined || w === undefined || r === undefined) return undefined;
  const steps = product(x.slice(0, 2));
  return { multiplyAdds: steps * (product(w) + product(r)), scratch: steps * product(w.slice(0, 2)) };
};

/**
 * Queries [..., Q, D] with keys [..., K, D] and values [..., K, V]: a score for each pair, and the sum that it weighs. Past keys
 * count too, and masked ones.
 */
const attention: WorkRule = (c) => {
  const [queries, keys, values] = [c.input(0), c.input(1), c.input(2)];
  if (queries === undefined || keys === undefined || values === undefined) return undefined;
  const isFlat = queries.length === 3;
  const heads = isFlat ? c.node.int("q_num_heads", 1) : (queries[1] ?? 1);
  const size = (queries.at(-1) ?? 1) / (isFlat ? heads : 1);
  const valueSize = (values.at(-1) ?? 1) / (isFlat ? c.node.int("kv_num_heads", 1) : 1);
  const length = (keys.at(-2) ?? 1) + (c.input(4)?.at(-2) ?? 0);
  const scores = (queries[0] ?? 1) * heads * (queries.at(-2) ?? 1) * length;
  return { multiplyAdds: scores * (size + valueSize), others: SOFTMAX * scores, scratch: scores };
};

/** A Softmax looks for the largest score, subtracts it, takes the exponential, sums and divides. */
const SOFTMAX = 5;

/** Boxes [N, B, 4] with scores [N, C, B]: each box is compared with the others, at most. */
const suppression: WorkRule = (c) => {
  const scores = c.input(1);
  return choices(scores, scores?.at(-1) ?? 1, { isBound: true });
};

/** Each element is a sum over the whole length: what a transform of a length without small factors takes. */
const transform: WorkRule = (c) => {
  const [input, output] = [c.input(0), c.output(0)];
  if (input === undefined || output === undefined) return undefined;
  const axis = c.node.is("STFT") ? 1 : c.node.int("axis", 1);
  const length = Math.max(input.at(axis) ?? 1, output.at(axis) ?? 1);
  return { multiplyAdds: product(output) * length, scratch: product(output), isBound: true };
};

/** Matrices [..., N, N] by elimination, which takes a third of this. */
const elimination: WorkRule = (c) => {
  const input = c.input(0);
  return input && { ...sums(input, input.at(-1)), isBound: true };
};

/** Each element of the input is added, compared or multiplied once. */
const eachInput: WorkRule = (c) => choices(c.input(0), 1);

/** Each element of the output is formed by these operations. */
function perElement(multiplyAdds: number, others: number): WorkRule {
  return (c) => {
    const output = c.output(0);
    const elements = output && product(output);
    return elements === undefined
      ? undefined
      : { multiplyAdds: multiplyAdds * elements, others: others * elements };
  };
}

/** Each element of the output is a sum over 2 neighbours along each axis that changes, cubic over 4, or one element. */
const resampling: WorkRule = (c) => {
  const [input, output] = [c.input(0), c.output(0)];
  if (input === undefined || output === undefined) return undefined;
  const isGrid = c.node.is("GridSample");
  const mode = c.node.string("mode", isGrid ? "linear" : "nearest");
  if (mode === "nearest") return {};
  const axes = isGrid ? input.length - 2 : output.filter((size, axis) => size !== input[axis]).length;
  return { multiplyAdds: product(output) * (mode.includes("cubic") ? 4 : 2) ** axes };
};

/** The name of a rule. */
export type WorkName =
  | "attention"
  | "convolution"
  | "eachInput"
  | "einsum"
  | "elimination"
  | "gemm"
  | "matrixProduct"
  | "neighbours"
  | "normalization"
  | "quantizedConvolution"
  | "recurrence"
  | "regions"
  | "resampling"
  | "rotation"
  | "scaleAndShift"
  | "scaling"
  | "softmax"
  | "suppression"
  | "transform"
  | "transposedConvolution"
  | "windows";

/** The rules by name. */
export const WORK_RULES: Readonly<Record<WorkName, WorkRule>> = {
  attention,
  convolution: convolution(1),
  eachInput,
  einsum,
  elimination,
  gemm,
  matrixProduct,
  neighbours,
  // The mean; what is left; its square, summed; the scale, and the gamma and beta.
  normalization: perElement(2, 3),
  quantizedConvolution: convolution(3),
  recurrence,
  regions,
  resampling,
  // A product with the cosine, and one with the sine, added.
  rotation: perElement(1, 1),
  scaleAndShift: perElement(1, 0),
  // The square, summed; the scale, and the gamma.
  scaling: perElement(1, 2),
  // The largest; what is left; its exponential, summed; the quotient.
  softmax: perElement(0, SOFTMAX),
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
