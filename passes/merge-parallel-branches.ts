import { leavesRange } from "../src/affine/derived-tensor.js";
import { addKernels, alignTaps, type Kernel } from "../src/affine/kernels.js";
import { addScaled } from "../src/affine/matrices.js";
import { refusals as affineRefusals } from "../src/affine/refusals.js";
import { fitsRange, scaleTensor } from "../src/affine/scale-tensor.js";
import {
  isRefusal,
  type Refusal,
  type RefusalCatalogue,
  refusalCatalogue,
  refusedAt,
} from "../src/base/refusal.js";
import type { FloatDType } from "../src/ir/dtype.js";
import type { Node, Value } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import { type Tensor, tensorFromNumbers } from "../src/ir/tensor.js";
import { hasTrait } from "../src/ops/catalogue.js";
import { readConv } from "../src/ops/convolution/kernel.js";
import { denseWeight } from "../src/ops/linear/dense.js";
import { readProduct } from "../src/ops/linear/product.js";
import { affineOf, branchOfAffine, branchOfConv } from "../src/rewrite/linear-branch.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readElsewhere } from "../src/rewrite/read-elsewhere.js";
import { replacementBlocked } from "../src/rewrite/rewriter.js";
import {
  dropTerm,
  isSum,
  MAX_TERMS,
  nestedSum,
  summands,
  type Term,
  termsOf,
} from "../src/rewrite/sum-terms.js";
import { sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

const SENTENCES = {
  transposedConvolutionsDiffer: (one: string, other: string): string =>
    `${one} and ${other} differ in their groups, output_padding or output_shape`,
  columnsDiffer: (one: string, columns: number, other: string, others: number): string =>
    `${one} has ${columns} columns, ${other} ${others}`,
  transpositionsDiffer: (one: string, other: string): string =>
    `${one} and ${other} differ in transA or transB`,
} as const;

/** Why two terms are not merged. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Merge branches that are linear in the same x and end in one sum.
 *
 *   before   a = Conv <pads = [1, 1, 1, 1]> (x, W3, b3)    # 3x3
 *            b = Conv (x, W1, b1)                          # 1x1
 *            c = BatchNormalization (x, gamma, beta, mean, var)
 *            d = Add (a, b)
 *            y = Add (d, c)
 *   after    y = Conv <pads = [1, 1, 1, 1]> (x, W, b)
 *
 * Two terms at a time, anywhere in nested Adds, Subs and Sums: Conv with Conv and ConvTranspose with ConvTranspose, where the
 * smaller kernel is added into the larger; Conv with x itself or with a per-channel scale and shift of x, which are diagonal
 * kernels; Gemm and MatMul with each other.
 *
 * Math       W[o, c, t + offset] = W3 + W1[o, c, t], offset from the pads; scale and shift: W[c, c, centre] += scale[c],
 *            b[c] += shift[c]; alpha A B + alpha' A B' = A (alpha B + alpha' B')
 * Source     Ding et al. 2021, RepVGG, section 3.3; Ding et al. 2019, ACNet, section 3.2
 * Requires   constants; terms that only the sum reads; no more multiplications than the larger kernel has alone
 * Refuses    other readers; strides, sizes or channels that differ; groups that do not nest; taps outside the larger kernel;
 *            auto_pad with strides; sums that overflow
 * Not done   two kernels of which neither contains the other (1x3 and 3x1 alone); ConvTranspose with x itself
 * Numerics   rounding: sums in float64, rounded once for each pair
 */
export const mergeParallelBranches: Pass = {
  kind: "rules",
  name: "merge-parallel-branches",
  summary:
    "Sums of Convs, BatchNormalizations and x itself become one Conv; sums of Gemms and MatMuls likewise",
  before: "a = Conv(x, W3)  b = Conv(x, W1)  c = BatchNormalization(x, ...)  y = Sum(a, b, c)",
  after: "y = Conv(x, W, b)",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity", "negative-zero", "overflow"],
    because: "weights are summed before an infinite or NaN input meets them",
  },
  order: "any place",
  refusals,
  rules: [{ operators: ["Add", "Sub", "Sum"], match }],
};

/** Two terms as one: the new constants with which `host` computes both. */
interface Merger {
  readonly host: Node;
  readonly output: Value;
  readonly constants: ReadonlyMap<number, Tensor>;
  /** Attributes whose factors are in the constants now. */
  readonly absorbed: readonly string[];
  /** The nodes that computed the other term, the last one first. */
  readonly guests: readonly Node[];
}

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  const output = node.output(0);
  if (!isSum(node, facts) || output === undefined || output.uses.size === 0) return undefined;
  let refusal: Refusal | undefined;
  if (!mayMerge(node, facts)) return undefined;
  // A term is compared with the terms after it and, of those before it, with nested sums only: these are few.
  const sums: Term[] = [];
  let place = 0;
  for (const first of termsOf(node)) {
    place++;
    const beside = [...sums, ...termsOf(node, 1, place, place + MAX_TERMS)];
    if (sums.length < MAX_TERMS && nestedSum(first, node, facts) !== undefined) sums.push(first);
    for (const second of summands(beside, node, facts)) {
      const merger = merge(first, second, facts);
      if (merger === undefined) continue;
      const proposal = isRefusal(merger) ? merger : propose(first, second, merger, output);
      if (!isRefusal(proposal)) return proposal;
      refusal ??= proposal;
    }
  }
  return refusal;
}

/** Whether some term can take another. In a sum of thousands of terms each would be compared with many others. */
function mayMerge(sum: Node, facts: Facts): boolean {
  for (const term of termsOf(sum))
    if (canHost(term) || nestedSum(term, sum, facts) !== undefined) return true;
  return false;
}

/** Whether another term can be merged into the operator that computes this one. */
function canHost({ value }: Term): boolean {
  return value.producer !== undefined && hasTrait(value.producer, "linear");
}

function merge(first: Term, second: Term, facts: Facts): Merger | Refusal | undefined {
  let refusal: Refusal | undefined;
  for (const [host, guest] of [
    [first, second],
    [second, first],
  ] as const) {
    const { producer } = host.value;
    // The merged term stands in the place of the second one.
    const [hostSign, guestSign] = [host, guest].map(({ sign }) => (sign === second.sign ? 1 : -1));
    const signs: Signs = { host: hostSign ?? 1, guest: guestSign ?? 1 };
    if (producer?.is("Conv", "ConvTranspose")) {
      const merger = intoConv(producer, host.value, guest.value, signs, facts);
      if (merger !== undefined && !isRefusal(merger)) return merger;
      refusal ??= merger;
    } else if (producer?.is("Gemm", "MatMul")) {
      // The result is a Gemm if either is.
      if (producer.is("MatMul") && guest.value.producer?.is("Gemm")) continue;
      return intoProduct(producer, host.value, guest.value, signs, facts);
    }
  }
  return refusal;
}

/** The factors, 1 or -1, that two terms are added with. */
interface Signs {
  readonly host: number;
  readonly guest: number;
}

function intoConv(
  node: Node,
  output: Value,
  other: Value,
  signs: Signs,
  facts: Facts,
): Merger | Refusal | undefined {
  const x = node.input(0);
  if (x === undefined) return undefined;
  const conv = other.producer?.sharesOperator(node) ? other.producer : undefined;
  if (conv !== undefined && conv.input(0) !== x) return undefined;
  const affine = conv === undefined && node.is("Conv") ? affineOf(other, x, facts) : undefined;
  if (conv === undefined && affine === undefined) return undefined;

  const shared = readElsewhere(output) ?? (other === x ? undefined : readElsewhere(other));
  if (shared !== undefined) return shared;
  const host = readConv(node);
  if (isRefusal(host)) return host;
  const guest = conv === undefined ? branchOfAffine(affine, host) : branchOfConv(conv);
  if (guest === undefined || isRefusal(guest)) return guest;
  if (conv !== undefined && node.is("ConvTranspose") && !fitTransposed(node, conv))
    return refusals.transposedConvolutionsDiffer(node.label, conv.label);
  const taps = alignTaps(host.kernel, guest.kernel, sameShape(facts.shape(output), facts.shape(other)));
  if (isRefusal(taps)) return refusedAt(`${node.label} and ${termLabel(other)}`, taps);

  const [first, second] = [signed(host.kernel, signs.host), signed(guest.kernel, signs.guest)];
  const weight = addKernels(host.dtype, first, second, taps);
  if (leavesRange(weight)) return affineRefusals.constantWouldOverflow(host.dtype);
  const bias = addBiases(host.dtype, times(host.bias, signs.host), times(guest.bias, signs.guest));
  if (isRefusal(bias)) return bias;
  const constants = new Map([[1, weight]]);
  if (bias !== undefined) constants.set(2, bias);
  return { host: node, output, constants, absorbed: [], guests: guest.nodes };
}

function signed(kernel: Kernel, sign: number): Kernel {
  if (sign === 1) return kernel;
  return { ...kernel, weight: scaleTensor(kernel.weight, new Float64Array([sign]), kernel.weight.size) };
}

function times(values: Float64Array | undefined, sign: number): Float64Array | undefined {
  return sign === 1 ? values : values?.map((value) => value * sign);
}

/** Conditions that alignTaps does not check: it counts channels of the weight, which a ConvTranspose stores group by group. */
function fitTransposed(a: Node, b: Node): boolean {
  const alike = (name: string): boolean =>
    (a.ints(name) ?? []).every((value, axis) => value === (b.ints(name)?.[axis] ?? 0)) &&
    (b.ints(name) ?? []).every((value, axis) => value === (a.ints(name)?.[axis] ?? 0));
  const given = [a, b].some((node) => node.attribute("output_shape") !== undefined);
  return a.int("group", 1) === b.int("group", 1) && alike("output_padding") && !given;
}

function intoProduct(
  node: Node,
  output: Value,
  other: Value,
  signs: Signs,
  facts: Facts,
): Merger | Refusal | undefined {
  const { producer } = other;
  if (!producer?.is("Gemm", "MatMul") || producer.input(0) !== node.input(0)) return undefined;
  const shared = readElsewhere(output) ?? readElsewhere(other);
  if (shared !== undefined) return shared;
  const [host, guest] = [readProduct(node, facts), readProduct(producer, facts)];
  if (isRefusal(host)) return host;
  if (isRefusal(guest)) return guest;
  const { weight, dtype } = host;
  if (host.columns !== guest.columns) {
    return refusals.columnsDiffer(node.label, host.columns, producer.label, guest.columns);
  }
  const added = host.transB === guest.transB ? guest.weight : denseWeight(guest.weight);
  if (host.transA !== guest.transA || added === undefined) {
    return refusals.transpositionsDiffer(node.label, producer.label);
  }
  const sum = addScaled(dtype, weight.dims, [
    { factor: host.alpha * signs.host, tensor: weight },
    { factor: guest.alpha * signs.guest, tensor: added },
  ]);
  if (leavesRange(sum)) return affineRefusals.constantWouldOverflow(dtype);
  const bias = addBiases(dtype, times(host.bias, signs.host), times(guest.bias, signs.guest));
  if (isRefusal(bias)) return bias;
  const constants = new Map([[1, sum]]);
  if (bias !== undefined) constants.set(2, bias);
  return { host: node, output, constants, absorbed: ["alpha", "beta"], guests: [producer] };
}

function addBiases(
  dtype: FloatDType,
  a: Float64Array | undefined,
  b: Float64Array | undefined,
): Tensor | Refusal | undefined {
  const values = a === undefined ? b : a.map((value, c) => value + (b?.[c] ?? 0));
  if (values === undefined) return undefined;
  if (!fitsRange(dtype, values)) return affineRefusals.constantWouldOverflow(dtype);
  return tensorFromNumbers(dtype, [values.length], values);
}

function termLabel(value: Value): string {
  return value.producer?.label ?? `"${value.name}"`;
}

function propose(first: Term, second: Term, merger: Merger, result: Value): Proposal | Refusal {
  const { sum } = first;
  const { host, output, guests } = merger;
  if ([host, ...guests].some(({ graph }) => graph !== second.sum.graph)) {
    return irRefusals.nodesAreInDifferentGraphs(host.label, second.sum.label);
  }
  // The remaining term of two takes the place of the sum, and the name of its output.
  const left = sum.inputs.length > 2 ? undefined : sum.input(1 - first.index);
  const rest = left === second.value ? output : left;
  const heir = sum.is("Sub") && first.index === 0 ? undefined : rest;
  const blocked = heir === undefined ? pinned(result) : replacementBlocked(result, heir);
  if (blocked !== undefined) return blocked;
  return {
    kind: "rewrite",
    summary: `${host.label} takes in ${guests[0]?.label ?? `its own input "${host.input(0)?.name}"`}`,
    apply: (rewriter) => {
      rewriter.moveBefore(host, second.sum);
      const base = host.input(1)?.name ?? host.key;
      for (const [index, tensor] of merger.constants) {
        rewriter.setConstant(host, index, tensor, index === 2 ? `${base}_bias` : base);
      }
      for (const name of merger.absorbed) rewriter.removeAttribute(host, name);
      rewriter.setInput(second.sum, second.index, output);
      dropTerm(rewriter, first, result);
      for (const guest of guests) rewriter.removeNode(guest);
    },
  };
}

function pinned({ name, pinnedBecause }: Value): Refusal | undefined {
  return pinnedBecause === undefined ? undefined : irRefusals.valueIsPinned(name, pinnedBecause);
}
