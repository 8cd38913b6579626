import { present } from "../src/base/assert.js";
import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { attribute } from "../src/ir/attribute.js";
import type { Node, Value } from "../src/ir/graph.js";
import { hasTrait, operatorsWith } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { replaceNode } from "../src/rewrite/replace-node.js";
import { viewForm, viewInit, viewText } from "../src/rewrite/view-form.js";
import { constantTensor } from "../src/rules/constants.js";
import { type SymDim, sameDim, sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";
import { normalAxes } from "../src/rules/shapes.js";
import { unsqueezesMaskOfFusedAttention } from "../src/target/attention.js";

const SENTENCES = {
  maskOfFusedAttention: (): string =>
    "onnxruntime fuses the attention that it masks only with both; --target any merges them",
} as const;

/** Why views in a row stay. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Merge views in a row into one, and a view into the reduction before it.
 *
 *   before   a = Unsqueeze(x, 1)  b = Reshape(a, t)  y = Flatten(b)   # of float[2,6]
 *   after    y = Reshape(x, [2, 6]), or x itself where the sizes are its own
 *   before   a = ReduceMean <keepdims = 0> (x, [1])  y = Unsqueeze(a, [1])
 *   after    y = ReduceMean <keepdims = 1> (x, [1])
 *
 * Reshape, Flatten, Squeeze and Unsqueeze keep the order of the elements, so that only the last shape matters. A Reshape to a
 * shape that is known but for one size, which becomes -1, is tried first; then an Unsqueeze, a Squeeze, a Reshape that copies
 * sizes (0) and a Flatten, which need no number for dynamic sizes. A reduction, ArgMax or ArgMin gives both shapes itself.
 *
 * Requires   a single view between the shapes, for every size that dynamic ones may have; a 0 in the last target copies the
 *            same size from the first input; of a reduction, its axes
 * Refuses    the two Unsqueezes of a mask that onnxruntime's attention asks for; the first view stays where others read it
 * Numerics   exact
 */
export const mergeViewChains: Pass = {
  kind: "rules",
  name: "merge-view-chains",
  summary:
    "Reshape, Flatten, Squeeze and Unsqueeze in a row become one or none, behind a reduction its keepdims",
  before: "a = Unsqueeze(x, 1)  y = Reshape(a, [2, 6])",
  after: "y = Reshape(x, [2, 6])",
  numerics: "exact",
  specials: { mayChange: [], because: "elements stay in order; a size of zero is never written as a number" },
  order: "any place",
  refusals,
  rules: [
    { operators: operatorsWith("view"), match },
    { operators: operatorsWith("view"), match: keepAxes },
  ],
};

function match(node: Node, { facts, settings }: View): Proposal | Refusal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  const first = middle?.producer;
  const source = first?.input(0);
  if (!hasTrait(node, "view") || middle === undefined || output === undefined) return undefined;
  if (!(first !== undefined && hasTrait(first, "view")) || source === undefined || facts.isCall(first))
    return undefined;
  if (node.hasReferences || first.hasReferences) return undefined;
  if (sameShape(facts.shape(source), facts.shape(output)))
    return readThrough(node, output, source, `gives back the shape that ${first.label} has changed`);
  if (middle.uses.size !== 1) return undefined;
  if (node.is("Reshape") && meansTheSame(node, middle, source, facts)) {
    return {
      kind: "rewrite",
      summary: `${node.label} reshapes the input of ${first.label}, which is removed`,
      apply: (rewriter) => {
        rewriter.setInput(node, 0, source);
        rewriter.removeNode(first);
      },
    };
  }
  const [from, to] = [facts.shape(source), facts.shape(output)];
  const form = from && to && viewForm(from, to);
  if (form === undefined || (facts.opset(node) ?? 0) < 5) return undefined;
  if (settings.target === "onnxruntime" && unsqueezesMaskOfFusedAttention(node, facts))
    return refusals.maskOfFusedAttention();
  return {
    kind: "rewrite",
    summary: `${first.label} and ${node.label} become ${viewText(form)}`,
    apply: (rewriter) => replaceNode(rewriter, node, viewInit(rewriter, node, source, form, facts), [first]),
  };
}

/** A view that adds or removes the axes of a reduction before it. */
function keepAxes(node: Node, { facts }: View): Proposal | undefined {
  const [middle, output] = [node.input(0), node.output(0)];
  const reduction = middle?.producer;
  if (!hasTrait(node, "view") || node.hasReferences || output === undefined) return undefined;
  if (middle?.uses.size !== 1 || reduction === undefined || reduction.graph !== node.graph) return undefined;
  if (!(hasTrait(reduction, "reduces") || hasTrait(reduction, "indexOfExtremum"))) return undefined;
  if (reduction.hasReferences || facts.isCall(reduction)) return undefined;
  const keepdims = reduction.int("keepdims", 1) === 0 ? 1 : 0;
  if (!sameShape(reducedShape(reduction, keepdims === 1, facts), facts.shape(output))) return undefined;
  const { opType, inputs } = reduction;
  const others = [...reduction.attributes.values()].filter(({ name }) => name !== "keepdims");
  const attributes = [...others, attribute("keepdims", keepdims)];
  return {
    kind: "rewrite",
    summary: `${reduction.label} ${keepdims === 1 ? "keeps" : "drops"} its axes itself, without ${node.label}`,
    apply: (rewriter) => replaceNode(rewriter, node, { opType, inputs, attributes }, [reduction]),
  };
}

/** The shape that a reduction gives with its axes, or without; undefined where it may reduce over none. */
function reducedShape(node: Node, keeps: boolean, facts: Facts): readonly SymDim[] | undefined {
  const data = node.input(0);
  const shape = data && facts.shape(data);
  if (shape === undefined || node.int("noop_with_empty_axes", 0) !== 0) return undefined;
  const named = axesOf(node, shape.length, facts);
  const axes = named && normalAxes(named, shape.length);
  if (axes === undefined) return undefined;
  return shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keeps ? [1] : []));
}

/** The axes that a reduction names: one, some, or all of them where it names none. */
function axesOf(node: Node, rank: number, facts: Facts): readonly number[] | undefined {
  if (hasTrait(node, "indexOfExtremum")) return [node.int("axis", 0)];
  const given = node.input(1);
  const axes = given === undefined ? (node.ints("axes") ?? []) : facts.numbers(given);
  return axes?.length === 0 ? Array.from({ length: rank }, (_, axis) => axis) : axes;
}

/** Whether a Reshape's target gives `source` the same shape: a 0 copies the size of its axis. */
function meansTheSame(node: Node, middle: Value, source: Value, facts: Facts): boolean {
  const target = constantTensor(node.input(1));
  const sizes = target === undefined ? undefined : facts.numbers(present(node.input(1), "a target"));
  if (sizes === undefined) return false;
  if (node.int("allowzero", 0) !== 0) return true;
  const [from, to] = [facts.shape(source), facts.shape(middle)];
  return sizes.every((size, axis) => size !== 0 || sameDim(from?.[axis], to?.[axis]));
}
