import type { Refusal } from "../src/base/refusal.js";
import { isStandardDomain, type Node } from "../src/ir/graph.js";
import type { Pass, Proposal } from "../src/rewrite/pass.js";
import { readThrough } from "../src/rewrite/read-through.js";

/**
 * Remove Identity, and Concat, Sum, Mean, Max and Min of a single input, which are identities too.
 *
 *   before   y = Identity(x)
 *            z = Relu(y)
 *   after    z = Relu(x)
 *
 * Refuses    an Identity between two values whose names callers know: one value has one name
 * Numerics   exact
 */
export const eliminateIdentity: Pass = {
  kind: "rules",
  name: "eliminate-identity",
  summary: "Identity, and Concat, Sum, Mean, Max or Min of one input, are removed",
  before: "y = Identity(x)  z = Relu(y)",
  after: "z = Relu(x)",
  numerics: "exact",
  specials: { mayChange: [], because: "each copies its input" },
  order: "any place",
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
