import { isRefusal, type Refusal } from "../base/refusal.js";
import type { Node } from "../ir/graph.js";
import { errors } from "./errors.js";
import type { Pass, Proposal, Rule, View } from "./pass.js";
import { refusals } from "./refusals.js";
import { Rewriter } from "./rewriter.js";
import type { RewriteSession } from "./session.js";
import { whyLeftOut } from "./special-values.js";

/** Far more than any converging set of rules needs, so that rules that undo each other are found. */
const REWRITES_PER_NODE = 64;

/**
 * Runs rules to their fixed point: on all nodes in graph order, inner graphs after outer ones, then on the nodes that
 * rewrites touched. Deterministic: the same model gives the same rewrites in the same order.
 */
export function runRules(pass: Pass, rules: readonly Rule[], view: View, session: RewriteSession): void {
  const rulesFor = rulesByOperator(rules);
  const nodes = session.nodesOf(view.model);
  const again = new Set<Node>();
  let budget = REWRITES_PER_NODE * (nodes.length + 16);
  const look = (node: Node): void => {
    const touched = applyFirst(pass, rulesFor(node), node, view, session);
    if (touched === undefined) return;
    if (--budget === 0) {
      throw errors.passDoesNotConverge(pass.name).at({ element: node.label });
    }
    for (const other of touched) if (rulesFor(other).length > 0) again.add(other);
    if (node.graph !== undefined) again.add(node);
  };
  for (const node of nodes) {
    if (rulesFor(node).length === 0) continue;
    again.delete(node);
    look(node);
  }
  for (const node of again) {
    again.delete(node);
    look(node);
  }
}

/** The rules that may match a node, in their order. */
function rulesByOperator(rules: readonly Rule[]): (node: Node) => readonly Rule[] {
  const known = new Map<string, readonly Rule[]>();
  return ({ opType }) => {
    let asked = known.get(opType);
    if (asked === undefined) {
      asked = rules.filter(({ operators }) => operators?.some((name) => name === opType) ?? true);
      known.set(opType, asked);
    }
    return asked;
  };
}

/** Makes the first rewrite that a rule proposes and gives the nodes to look at again; undefined where nothing changed. */
function applyFirst(
  pass: Pass,
  rules: readonly Rule[],
  node: Node,
  view: View,
  session: RewriteSession,
): readonly Node[] | undefined {
  // A node with an operator's name may call a function of the model.
  if (node.graph === undefined || view.facts.isCall(node)) return undefined;
  for (const rule of rules) {
    const result = tryMatch(pass, rule, node, view);
    if (result === undefined) continue;
    if (isRefusal(result)) {
      session.refused(pass, node, result);
      continue;
    }
    const rewriter = new Rewriter(view.facts);
    if (session.make(pass, node.key, result, rewriter)) return rewriter.takeTouched();
  }
  return undefined;
}

/** A match that throws must not cost the user the model, so it counts as a refusal. */
function tryMatch(pass: Pass, rule: Rule, node: Node, view: View): Proposal | Refusal | undefined {
  try {
    const result = rule.match(node, view);
    if (result === undefined || isRefusal(result)) return result;
    return whyLeftOut(pass, result, view.settings) ?? result;
  } catch (error) {
    return refusals.ruleFailed(error instanceof Error ? error.message : String(error));
  }
}
