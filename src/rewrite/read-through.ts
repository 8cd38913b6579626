import type { Refusal } from "../base/refusal.js";
import type { SpecialValue } from "../base/special-values.js";
import type { Node, Value } from "../ir/graph.js";
import type { Proposal } from "./pass.js";
import { replacementBlocked } from "./rewriter.js";

/**
 * Removes a node whose output equals its input: readers of `output` read `input` instead. Undefined when nothing reads it,
 * a refusal when it gives a graph output a name that the input cannot take. `mayChange`: the special values that the node
 * does not give as they are.
 */
export function readThrough(
  node: Node,
  output: Value,
  input: Value,
  why: string,
  mayChange?: readonly SpecialValue[],
): Proposal | Refusal | undefined {
  if (output.uses.size === 0) return undefined;
  const blocked = replacementBlocked(output, input);
  if (blocked !== undefined) return blocked;
  return {
    kind: "rewrite",
    summary: `${node.label} ${why} and is removed`,
    ...(mayChange === undefined ? {} : { mayChange }),
    apply: (rewriter) => {
      rewriter.replaceUses(output, input);
      rewriter.removeNode(node);
    },
  };
}
