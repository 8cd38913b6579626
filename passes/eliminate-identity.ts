import type { Refusal } from "../src/base/refusal.js";
import { isStandardDomain, type Node } from "../src/ir/graph.js";
import type { Pass, Proposal } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";

/**
 * Remove Identity, and what is one: a Concat, Sum, Mean, Max or Min of a single input.
 *
 *   before   y = Identity(x)
 *            z = Relu(y)
 *   after    z = Relu(x)
 *
 * Refuses    an Identity that gives a graph output a name which its input, seen by callers under another, cannot take
 * Numerics   exact
 */
export const eliminateIdentity: Pass = {
  kind: "rules",
  name: "eliminate-identity",
  summary: "Identity, and Concat or Sum of one input, are read through",
  before: "y = Identity(x)  z = Relu(y)",
  after: "z = Relu(x)",
  numerics: "exact",
  rules: [{ operators: ["Identity", "Concat", "Sum", "Mean", "Max", "Min"], match }],
};

function isIdentity(node: Node): boolean {
  return node.is("Identity") || (isStandardDomain(node.domain) && node.inputs.length === 1);
}

function match(node: Node): Proposal | Refusal | undefined {
  const [input, output] = [node.input(0), node.output(0)];
  if (!isIdentity(node) || input === undefined || output === undefined) return undefined;
  return readThrough(node, output, input, "is an identity");
}
