import type { Refusal } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import { compoundEnds } from "../src/patterns/recognize.js";
import { fuseCompound } from "../src/rewrite/fuse-compound.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";

/**
 * Replace operators that spell out another operator by that one.
 *
 *   before   d = Div (x, sqrt2)  e = Erf (d)  p = Add (e, one)
 *            m = Mul (x, p)      y = Mul (m, half)
 *   after    y = Gelu (x)
 *
 * HardSigmoid, HardSwish, Mish, Swish, Gelu, Softplus, Sigmoid, PRelu, LeakyRelu, Elu, Selu, Celu; LayerNormalization,
 * RMSNormalization, InstanceNormalization, GroupNormalization; Softmax, LogSoftmax, ReduceMean, ReduceL1, ReduceL2,
 * ReduceSumSquare, ReduceLogSumExp, and a reduction of a reduction; Div from a product with a reciprocal; an Einsum that is one
 * MatMul, Mul, ReduceSum or Transpose.
 *
 * Math       as the operator's specification says; operands in either order, scalar factors in any place
 * Source     src/patterns; Hendrycks and Gimpel 2016 (Gelu), Ba et al. 2016 (LayerNormalization)
 * Requires   the operator in the model's opset; float or float16, double where onnxruntime has a kernel; no reader outside of
 *            a value inside; parameters proven to run along the normalized axes, and none that broadcasts the result
 * Refuses    an opset without the operator; the reason names the first opset that has it. For onnxruntime, an operator that
 *            it has no kernel for and computes by more operators than the spelling has (src/target/kernels.ts)
 * Numerics   rounding. Constants may be off by their own rounding. Where exp overflows, the spellings of Softplus,
 *            Softmax, LogSoftmax and ReduceLogSumExp give infinity or NaN, while the operators give finite results
 */
export const fuseCompoundOperators: Pass = {
  kind: "rules",
  name: "fuse-compound-operators",
  summary:
    "Gelu, HardSwish, LayerNormalization and others that are spelled out become one operator of the opset",
  before: "d = Div(x, 1.414)  e = Erf(d)  p = Add(e, 1)  m = Mul(x, p)  y = Mul(m, 0.5)",
  after: "y = Gelu(x)",
  numerics: "rounding",
  specials: {
    mayChange: ["nan", "infinity", "negative-zero", "empty", "overflow"],
    because: "most spellings overflow, or divide infinities, where the operator does not",
  },
  order: {
    before: {
      "fold-affine-down":
        "folding would carry away the constants by which a Gelu or a HardSwish is recognized",
    },
  },
  rules: [{ operators: compoundEnds("rounding"), match }],
};

function match(node: Node, view: View): Proposal | Refusal | undefined {
  return fuseCompound(node, view, "rounding");
}
