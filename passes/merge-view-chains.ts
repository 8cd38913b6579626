import { present } from "../src/base/assert.js";
import type { Refusal } from "../src/base/refusal.js";
import type { Node, Value } from "../src/ir/graph.js";
import { tensorFromNumbers } from "../src/ir/tensor.js";
import { hasTrait, operatorsWith } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";
import { constantTensor } from "../src/rules/constants.js";
import { sameDim, sameShape } from "../src/rules/dims.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Merge views in a row into one Reshape.
 *
 *   before   a = Unsqueeze(x, 1)  b = Reshape(a, t)  y = Flatten(b)   # of float[2,6]
 *   after    y = Reshape(x, [2, 6]), or x itself where the sizes are its own
 *
 * Reshape, Flatten, Squeeze and Unsqueeze keep the order of the elements, so that only the last shape matters.
 *
 * Requires   the last shape known but for one size, which becomes -1; a 0 in the last target copies the same size from the
 *            first input
 * Refuses    nothing: the first view stays where others read it too
 * Numerics   exact
 */
export const mergeViewChains: Pass = {
  kind: "rules",
  name: "merge-view-chains",
  summary: "Reshape, Flatten, Squeeze and Unsqueeze in a row become one Reshape or none",
  before: "a = Unsqueeze(x, 1)  y = Reshape(a, [2, 6])",
  after: "y = Reshape(x, [2, 6])",
  numerics: "exact",
  specials: { mayChange: [], because: "elements stay in order; a target with a size of zero is not merged" },
  order: "any place",
  rules: [{ operators: operatorsWith("view"), match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
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
  const target = targetOf(output, facts);
  if (target === undefined || (facts.opset(node) ?? 0) < 5) return undefined;
  return {
    kind: "rewrite",
    summary: `${first.label} and ${node.label} become a Reshape to [${target.join(", ")}]`,
    apply: (rewriter) => {
      const graph = present(node.graph, `${node.label} is removed`);
      const tensor = tensorFromNumbers("int64", [target.length], target);
      const shape = rewriter.addConstant(graph, `${output.name}_shape`, tensor, node);
      const init = { opType: "Reshape", name: node.name, inputs: [source, shape] };
      const made = rewriter.addNode(graph, { ...init, outputs: [graph.freshName(output.name)] }, node);
      rewriter.supersede(output, present(made.output(0), "a Reshape has an output"));
      rewriter.removeNode(node);
      rewriter.removeNode(first);
    },
  };
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

/** The shape as a target, with -1 for one size that is not known; undefined beside a 0, because -1 would be ambiguous. */
function targetOf(output: Value, facts: Facts): number[] | undefined {
  const shape = facts.shape(output);
  if (shape === undefined) return undefined;
  const target = shape.map((size) => (typeof size === "number" ? size : -1));
  const open = target.filter((size) => size === -1).length;
  // A 0 in a target copies a size of the input.
  return open > 1 || target.includes(0) ? undefined : target;
}
