import type { Model } from "../../src/ir/model.js";
import type { Pass, Rule } from "../../src/rewrite/pass.js";

/** The operators that are left, in order. */
export function operatorsOf(model: Model): string {
  return [...model.nodes()].map(({ opType }) => opType).join(" ");
}

/** A rule that turns each node of one operator into another. */
export function becomes(from: "Abs" | "Neg" | "Relu", to: "Abs" | "Neg" | "Relu"): Rule {
  return {
    operators: [from],
    match: (node) => ({
      kind: "rewrite",
      summary: `${node.label} becomes ${to}`,
      apply: (rewriter) => {
        const { graph } = node;
        const output = node.output(0);
        if (graph === undefined || output === undefined) return;
        const made = rewriter.addNode(
          graph,
          { opType: to, inputs: node.inputs, outputs: [graph.freshName("t")] },
          node,
        );
        const result = made.output(0);
        if (result !== undefined) rewriter.supersede(output, result);
        rewriter.removeNode(node);
      },
    }),
  };
}

export function passOf(name: string, ...rules: readonly Rule[]): Pass {
  return { name, summary: "", before: "", after: "", numerics: "exact", kind: "rules", rules };
}
