import type { Refusal } from "../base/refusal.js";
import type { SpecialValue } from "../base/special-values.js";
import type { Node, Value } from "../ir/graph.js";
import type { Proposal } from "./pass.js";
import { replaceNode } from "./replace-node.js";
import { replacementBlocked } from "./rewriter.js";

/**
 * Removes a node whose output equals its input: readers of `output` read `input` instead. Where it gives a graph output a name
 * that the input cannot take, it becomes an Identity, which every runtime can leave out or do without a kernel of its own. Undefined when
 * nothing reads it, a refusal where it has to stay. `mayChange`: the special values that the node does not give as they are.
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
  const isAlone = node.outputs.every((value) => value === output || value === null || value.uses.size === 0);
  if (blocked !== undefined && (output.isPinned || node.is("Identity") || !isAlone)) return blocked;
  return {
    kind: "rewrite",
    summary: `${node.label} ${why} and ${blocked === undefined ? "is removed" : "becomes an Identity"}`,
    ...(mayChange === undefined ? {} : { mayChange }),
    apply: (rewriter) => {
      if (blocked !== undefined) {
        for (const use of [...output.uses])
          if (use.kind === "node") rewriter.setInput(use.node, use.index, input);
        replaceNode(rewriter, node, { opType: "Identity", inputs: [input] });
        return;
      }
      rewriter.replaceUses(output, input);
      rewriter.removeNode(node);
    },
  };
}
