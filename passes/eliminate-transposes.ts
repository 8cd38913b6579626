import { plural } from "../src/base/plural.js";
import { isRefusal, type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { forType, type SpecialValue } from "../src/base/special-values.js";
import type { Graph, Node, Value } from "../src/ir/graph.js";
import { bestTurn, growRegion, type Region, sourceOrder, type Turn } from "../src/relayout/region.js";
import { applyTurn, removeUnreadTranspose } from "../src/rewrite/apply-turn.js";
import type { Pass, PassContext, Proposal } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";
import {
  composed,
  inverse,
  isIdentity,
  leavesAlone,
  type Permutation,
  permutationOf,
  samePermutation,
} from "../src/rules/layout/permutation.js";
import { slicesOfSplit } from "../src/target/split.js";

const SENTENCES = {
  noFewerTransposes: (changed: number, because: string): string => {
    const others = changed === 0 ? "" : ` with ${plural(changed, "operator")} in another order`;
    return `no fewer Transposes would be left${others}${because === "" ? "" : `: ${because}`}`;
  },
  slicesAreOneSplit: (value: string): string =>
    `onnxruntime computes the Slices of "${value}" by one Split, and some would work in another order; --target any lets them`,
} as const;

/** Why a Transpose stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Let operators work in the axis order of the operators around them, where that leaves fewer Transposes.
 *
 *   before   a = Transpose <perm = [0, 2, 3, 1]> (c)  r = Relu(a)  s = Add(r, bias)
 *            y = Transpose <perm = [0, 3, 1, 2]> (s)
 *   after    r = Relu(c)  y = Add(r, bias')
 *
 * From each Transpose on, all operators that would follow a change of the axis order are gathered into a region: elementwise ones with
 * their broadcast operands, and those that name axes (Concat, Split, Slice, Pad, Softmax, reductions, Squeeze, Gather, ...;
 * src/ops/layout.ts has them all). A minimum cut finds which of them to change so that the fewest Transposes
 * are left, in the region and at its border. Gemm takes a Transpose into transA and transB, a product behind a flattening
 * Reshape takes it into the order of its weight's rows. Two Transposes in a row become one or none, between
 * two values that callers see an Identity.
 *
 * Requires   permutations known, and ranks along the way
 * Refuses    where the number of Transposes does not fall; a part of the Slices that onnxruntime computes by one Split; pinned values; names of graph outputs that cannot move
 * Numerics   rounding: a reduction may sum in another order
 */
export const eliminateTransposes: Pass = {
  kind: "procedure",
  name: "eliminate-transposes",
  summary: "Operators between Transposes work in the other order of axes where fewer Transposes remain",
  before: "a = Transpose <perm = [0, 2, 3, 1]> (c)  r = Relu(a)  y = Transpose <perm = [0, 3, 1, 2]> (r)",
  after: "y = Relu(c)",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "overflow"],
    because:
      "a sum in another order may overflow, and onnxruntime's maxima skip a NaN or give it by the order in which they meet it",
  },
  order: "any place",
  refusals,
  run: (context) => {
    for (const graph of context.view.model.graphs()) while (sweep(graph, context));
  },
};

/** Looks at every Transpose once; true when something was changed. */
function sweep(graph: Graph, context: PassContext): boolean {
  const { facts } = context.view;
  let changed = false;
  /** The axis orders of the values in the regions grown so far. Growing from one of these values would give the same region. */
  const seen = new Map<Value, Permutation>();
  for (const node of graph.nodes()) {
    if (!node.is("Transpose") || facts.isCall(node)) continue;
    const [input, output] = [node.input(0), node.output(0)];
    if (input === undefined || output === undefined || output.uses.size === 0) continue;
    const perm = permutationOf(node, facts);
    if (isRefusal(perm)) {
      context.refused(node, perm);
      continue;
    }
    const simpler = withoutTransposeBefore(node, input, output, perm, facts);
    if (simpler !== undefined) {
      if (context.attempt(node, simpler)) changed = true;
      continue;
    }
    for (const [value, order] of [
      [output, inverse(perm)],
      [input, perm],
    ] as const) {
      if (constantTensor(value) !== undefined) continue;
      const known = seen.get(value);
      if (known !== undefined && samePermutation(known, order)) continue;
      const region = growRegion(graph, value, order, facts);
      for (const [each, wanted] of region.orders) seen.set(each, wanted);
      const turn = bestTurn(region, facts);
      if (turn === undefined) {
        context.refused(node, whyKept(region));
        continue;
      }
      const parted = context.view.settings.target === "any" ? undefined : partedSplit(turn, facts);
      if (parted !== undefined) {
        context.refused(node, refusals.slicesAreOneSplit(parted.name));
        continue;
      }
      if (context.attempt(node, proposal(turn, facts))) changed = true;
      break;
    }
  }
  return changed;
}

/** The value of whose Slices, one Split to the runtime, some change their order and others do not, for fewer Transposes than these. */
function partedSplit({ nodes, gain }: Turn, facts: Facts): Value | undefined {
  for (const node of nodes) {
    const value = node.is("Slice") ? node.input(0) : undefined;
    const slices = value === undefined ? [] : slicesOfSplit(value, facts);
    if (slices.length > gain && !slices.every((slice) => nodes.has(slice))) return value;
  }
  return undefined;
}

function whyKept({ border, plans }: Region): Refusal {
  return refusals.noFewerTransposes(plans.size, border[0]?.reason ?? "");
}

/** The rewrite for a Transpose that changes nothing, or that stands right behind another. */
function withoutTransposeBefore(
  node: Node,
  input: Value,
  output: Value,
  perm: Permutation,
  facts: Facts,
): Proposal | undefined {
  const first = sourceOrder(input, facts);
  const source = first === undefined ? input : (input.producer?.input(0) ?? input);
  const whole = first === undefined ? perm : composed(first, perm);
  const shape = facts.shape(source);
  if (isIdentity(whole) || leavesAlone(whole, shape)) {
    const given = readThrough(node, output, source, `gives back "${source.name}"`, []);
    if (given === undefined || isRefusal(given)) return undefined;
    return {
      ...given,
      apply: (rewriter) => {
        given.apply(rewriter);
        removeUnreadTranspose(rewriter, input.producer);
      },
    };
  }
  if (first === undefined || input.producer === undefined) return undefined;
  return {
    kind: "rewrite",
    summary: `${node.label} takes in ${input.producer.label}`,
    mayChange: [],
    apply: (rewriter) => {
      rewriter.setInput(node, 0, source);
      rewriter.setAttribute(node, "perm", whole);
      removeUnreadTranspose(rewriter, input.producer);
    },
  };
}

function proposal(turn: Turn, facts: Facts): Proposal {
  const { nodes, gain } = turn;
  const [first] = nodes;
  const others = nodes.size === 1 ? "" : ` and ${nodes.size - 1} more`;
  return {
    kind: "rewrite",
    summary: `${plural(gain, "Transpose")} fewer: ${first?.label ?? "nothing"}${others} in another order of axes`,
    mayChange: changesOf(turn, facts),
    apply: (rewriter) => applyTurn(turn, rewriter, facts),
  };
}

/** Operators whose kernels take or skip a NaN by the order in which they meet it. */
const ORDERED_BY_NAN = [
  "ArgMax",
  "ArgMin",
  "GlobalMaxPool",
  "MaxPool",
  "ReduceMax",
  "ReduceMin",
  "TopK",
] as const;

function changesOf({ nodes }: Turn, facts: Facts): readonly SpecialValue[] {
  const [first] = nodes;
  const output = first?.output(0);
  const dtype = output && facts.dtype(output);
  const ordered = [...nodes].some((node) => node.is(...ORDERED_BY_NAN));
  return forType(dtype, ordered ? ["nan", "overflow"] : ["overflow"]);
}
