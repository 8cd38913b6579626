import { present } from "../src/base/assert.js";
import type { Node } from "../src/ir/graph.js";
import { hasTrait, operatorsWith } from "../src/ops/catalogue.js";
import { producerOf } from "../src/rewrite/cuts.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { sameShape } from "../src/rules/dims.js";
import { broadcastShapes } from "../src/rules/shapes.js";

/**
 * Remove an Expand where the operator behind it broadcasts anyway.
 *
 *   before   s = Shape(x)  n = ReduceL2(x)  e = Expand(n, s)  y = Div(x, e)
 *   after    n = ReduceL2(x)  y = Div(x, n)
 *
 * Source     exporters write so where a vector is divided by its length
 * Requires   the other inputs alone broadcast to the shape of the output, symbolic sizes equal
 * Refuses    nothing: an Expand that other operators read stays for them
 * Numerics   exact
 */
export const eliminateExpands: Pass = {
  kind: "rules",
  name: "eliminate-expands",
  summary: "Expand in front of an operator that broadcasts is removed",
  before: "s = Shape(x)  e = Expand(n, s)  y = Div(x, e)",
  after: "y = Div(x, n)",
  numerics: "exact",
  specials: { mayChange: [], because: "the same elements are repeated" },
  order: "any place",
  rules: [{ operators: operatorsWith("broadcasts"), match }],
};

function match(node: Node, { facts }: View): Proposal | undefined {
  const output = node.output(0);
  if (!hasTrait(node, "broadcasts") || output === undefined || node.hasReferences || facts.isCall(node))
    return undefined;
  const shape = facts.shape(output);
  if (shape === undefined) return undefined;
  for (const [index, input] of node.inputs.entries()) {
    const expand = producerOf(input ?? undefined, "Expand", facts);
    const source = expand?.input(0);
    if (expand === undefined || source === undefined) continue;
    const left = broadcastShapes(
      node.inputs.map((other, i) => (other === null ? [] : facts.shape(i === index ? source : other))),
    );
    if (left === undefined || left === "mismatch" || !sameShape(left, shape)) continue;
    return {
      kind: "rewrite",
      summary: `${node.label} broadcasts the input of ${expand.label} itself`,
      apply: (rewriter) => {
        rewriter.setInput(node, index, source);
        if (present(expand.output(0), "an Expand has an output").uses.size === 0) rewriter.removeNode(expand);
      },
    };
  }
  return undefined;
}
