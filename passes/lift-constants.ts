import { type Refusal, type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { canBecomeConstant, type Node } from "../src/ir/graph.js";
import { refusals as irRefusals } from "../src/ir/refusals.js";
import type { Pass, Proposal } from "../src/rewrite/pass.js";
import { valueOfConstant } from "../src/rules/constants.js";

const SENTENCES = {
  constantIsNotDense: (): string => "its value is sparse, a list of strings, or given by a function's caller",
} as const;

/** Why a Constant stays a node. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Turn Constant nodes into initializers of the same name.
 *
 *   before   k = Constant <value = float[2] {1, 2}> ()
 *   after    <float[2] k = {1, 2}>
 *
 * Source     ONNX Constant-1 to -25: value, value_float(s), value_int(s)
 * Refuses    graph outputs whose name a body hides; sparse and string forms; function bodies, which have no
 *            initializers
 * Numerics   exact
 */
export const liftConstants: Pass = {
  kind: "rules",
  name: "lift-constants",
  summary: "Constant nodes become initializers",
  before: "k = Constant <value = float[2] {1, 2}> ()",
  after: "<float[2] k = {1, 2}>",
  numerics: "exact",
  specials: { mayChange: [], because: "elements are only copied" },
  order: "any place",
  refusals,
  rules: [{ operators: ["Constant"], match }],
};

function match(node: Node): Proposal | Refusal | undefined {
  if (!node.is("Constant") || node.graph === undefined || node.graph.isFunctionBody) return undefined;
  const [graph, output] = [node.graph, node.output(0)];
  const tensor = valueOfConstant(node);
  if (output === undefined || output.uses.size === 0) return undefined;
  if (tensor === undefined) return refusals.constantIsNotDense();
  if (output.pinnedBecause !== undefined) return irRefusals.valueIsPinned(output.name, output.pinnedBecause);
  if (!canBecomeConstant(output)) return irRefusals.valueIsGraphOutput(output.name);
  return {
    kind: "rewrite",
    summary: `${node.label} becomes an initializer`,
    apply: (rewriter) => {
      const constant = rewriter.addConstant(graph, output.name, tensor);
      rewriter.supersede(output, constant);
      rewriter.removeNode(node);
    },
  };
}
