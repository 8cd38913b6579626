import { SPECIAL_VALUES } from "../src/base/special-values.js";
import { lackingOpset } from "../src/rewrite/fuse-compound.js";
import type { Pass, PassContext } from "../src/rewrite/pass.js";
import { Rewriter } from "../src/rewrite/rewriter.js";
import { canBeRespelled, FUSED, fusionOf } from "../src/target/fusions.js";

/**
 * Keep together the operators that onnxruntime computes by one kernel.
 *
 *   before   d = Div (x, sqrt2)  e = Erf (d)  p = Add (e, one)
 *            m = Mul (x, p)      y = Mul (m, half)  // opset 17, which has no Gelu
 *   after    the same: the half does not go into the weight behind
 *
 *   before   d = Mul (x, 1/sqrt2)  e = Erf (d)  p = Add (e, one)  h = Mul (p, half)  y = Mul (x, h)
 *   after    as above, which onnxruntime knows
 *
 * The expression stands as one node while the other passes run, so that maps and permutations go around it or into its
 * parameters, and is written out again at the end. Where the opset has the operator, fuse-compound-operators puts it in.
 *
 * Source     src/target/fusions.ts, which names the sources of onnxruntime
 * Requires   no reader outside of a value inside
 * Refuses    another form with more operators, of half precision, or without operands that the runtime's form needs
 * Numerics   exact where the operators are written out as they were; rounding where they are written in another form
 */
export const keepRuntimeFusions: Pass = {
  kind: "procedure",
  name: "keep-runtime-fusions",
  summary:
    "Gelu, LayerNormalization and RMSNormalization that are spelled out stay whole, as onnxruntime fuses them",
  before: "d = Div(x, 1.414)  e = Erf(d)  p = Add(e, 1)  m = Mul(x, p)  y = Mul(m, 0.5)",
  after: "the same",
  numerics: "rounding",
  specials: { mayChange: [...SPECIAL_VALUES], because: "another form overflows for other numbers" },
  order: {
    after: {
      "fold-constants": "the constants of an expression may be computed ones",
      "eliminate-no-op-movement": "a Cast to the same type hides an expression",
    },
    before: {
      "eliminate-neutral-operands": "the runtime does not fuse a LayerNormalization without its scale of one",
      "eliminate-neutral-affine": "the runtime does not fuse a LayerNormalization without its bias of zero",
      "compose-affine": "the last constant of an expression would be multiplied with the map behind it",
      "fold-affine-up": "the last constant of an expression would take in the map behind it",
      "fold-affine-down":
        "folding would carry away the constants by which the runtime recognizes an expression",
    },
  },
  run: ({ view, composites, attempt }: PassContext) => {
    if (view.settings.target === "any") return;
    for (const node of [...view.model.nodes()]) {
      const found = lackingOpset(node, view.facts, FUSED);
      const fusion = found && fusionOf(found.compound);
      if (found === undefined || fusion === undefined) continue;
      const { compound, refusal } = found;
      if (fusion.takes(compound)) {
        composites.collapse(compound, refusal, new Rewriter(view.facts));
        continue;
      }
      const output = node.output(0);
      // In half precision a form's roundings are part of its results.
      if (!canBeRespelled(compound, fusion) || output === undefined || view.facts.dtype(output) !== "float")
        continue;
      attempt(node.key, {
        kind: "rewrite",
        summary: `${node.label} and what it ends are written as onnxruntime fuses them, into one ${compound.opType}`,
        mayChange: SPECIAL_VALUES,
        apply: (rewriter) => {
          composites.collapse(compound, refusal, rewriter, true);
        },
      });
    }
  },
};
