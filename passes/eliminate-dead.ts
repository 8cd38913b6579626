import { type RefusalCatalogue, refusalCatalogue } from "../src/base/refusal.js";
import { Calls } from "../src/ir/calls.js";
import type { Graph, Node } from "../src/ir/graph.js";
import type { FunctionDef } from "../src/ir/model.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";

const SENTENCES = {
  customOperatorMayHaveEffects: (): string =>
    "nothing reads it, but an operator of a custom domain may have effects",
} as const;

/** Why a node that nothing reads stays. */
const refusals: RefusalCatalogue<typeof SENTENCES> = refusalCatalogue(SENTENCES);

/**
 * Remove nodes and initializers that nothing reads.
 *
 *   before   <float[2] k> { y = Relu(x)  u = Exp(x) } => y
 *   after    { y = Relu(x) } => y
 *
 * Refuses    nodes of custom domains, which may have effects, and nodes whose bodies hold such nodes; graph inputs; values
 *            that an annotation or a training binding names
 * Numerics   exact
 */
export const eliminateDead: Pass = {
  kind: "procedure",
  name: "eliminate-dead",
  summary: "Nodes and initializers that nothing reads are removed",
  before: "y = Relu(x)  u = Exp(x)  // u is never read",
  after: "y = Relu(x)",
  numerics: "exact",
  specials: { mayChange: [], because: "nothing reads what is removed" },
  order: "any place",
  refusals,
  run: (context) => {
    // Graphs come before the bodies of their nodes, so that the body of a removed node is never entered.
    const calls = new Calls(context.view.model);
    for (const graph of context.view.model.graphs()) {
      sweepNodes(graph, calls, context);
      sweepInitializers(graph, context);
    }
  },
};

/** Visits the nodes from the last to the first, so that nodes that feed only dead nodes are dead when their turn comes. */
function sweepNodes(graph: Graph, calls: Calls, context: PassContext): void {
  for (let node = graph.last; node !== undefined; ) {
    const current: Node = node;
    node = node.previous;
    if (current.outputs.some((value) => value !== null && value.uses.size > 0)) continue;
    if (!isDiscardable(current, calls)) {
      context.refused(current, refusals.customOperatorMayHaveEffects());
      continue;
    }
    context.attempt(current, {
      kind: "rewrite",
      summary: `${current.label} is removed: nothing reads it`,
      apply: (rewriter) => rewriter.removeNode(current),
    });
  }
}

/** Operators of these domains have no effects. */
const PURE: ReadonlySet<string> = new Set(["", "ai.onnx", "ai.onnx.ml", "com.microsoft"]);

/** Whether the node, its bodies and the functions they call are known to do nothing but compute. */
function isDiscardable(node: Node, calls: Calls): boolean {
  const entered = new Set<FunctionDef>();
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { domain = "" } = next;
    for (const body of next.subgraphs) for (const inner of body.nodes()) pending.push(inner);
    const called = calls.of(next);
    if (called === undefined && !PURE.has(domain)) return false;
    if (called === undefined || entered.has(called)) continue;
    entered.add(called);
    for (const inner of called.body.nodes()) pending.push(inner);
  }
  return true;
}

function sweepInitializers(graph: Graph, context: PassContext): void {
  for (const value of [...graph.initializers]) {
    // From IR version 4 on, callers see an initializer that is also an input, whether it is used or not.
    const callersSee = value.isGraphInput && graph.scope.initializersAreDefaults;
    if (value.uses.size > 0 || callersSee) continue;
    context.attempt(value.name, {
      kind: "rewrite",
      summary: `initializer "${value.name}" is removed: nothing reads it`,
      apply: () => {
        if (value.isGraphInput) graph.removeInput(value);
        else graph.removeInitializer(value);
      },
    });
  }
}
