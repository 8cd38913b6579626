import { NormfoldError } from "../base/errors.js";
import { isRefusal, type Refusal, refuse } from "../base/refusal.js";
import type { Node } from "../ir/graph.js";
import type { Pass, Proposal, Rule, View } from "./pass.js";
import { Rewriter } from "./rewriter.js";
import type { Session } from "./session.js";

/** Far above what any converging set of rules needs: rules that undo each other are found, not waited for. */
const REWRITES_PER_NODE = 64;

/**
 * Runs rules to their fixed point: all nodes in graph order, inner graphs after outer ones, then whatever a rewrite
 * touched. Deterministic: the same model gives the same rewrites in the same order.
 */
export function runRules(pass: Pass, rules: readonly Rule[], view: View, session: Session): void {
  const queue = new Set<Node>(view.model.nodes());
  let budget = REWRITES_PER_NODE * (queue.size + 16);
  for (const node of queue) {
    queue.delete(node);
    // A function of the model may bear an operator's name, and then it is what the node means.
    if (node.graph === undefined || view.facts.isCall(node)) continue;
    for (const rule of rules) {
      const result = tryMatch(rule, node, view);
      if (result === undefined) continue;
      if (isRefusal(result)) {
        session.refused(pass, node, result.reason);
        continue;
      }
      const rewriter = new Rewriter(view.facts);
      if (!session.make(pass, node.key, result, rewriter)) continue;
      if (--budget === 0) {
        throw new NormfoldError("internal", `pass ${pass.name} does not come to a fixed point`, {
          element: node.label,
        });
      }
      for (const touched of rewriter.takeTouched()) queue.add(touched);
      if (node.graph !== undefined) queue.add(node);
      break;
    }
  }
}

/** A match that fails in a way nobody foresaw must not cost the user the model: it counts as a refusal. */
function tryMatch(rule: Rule, node: Node, view: View): Proposal | Refusal | undefined {
  try {
    return rule.match(node, view);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(`not looked at further: ${reason}`);
  }
}
