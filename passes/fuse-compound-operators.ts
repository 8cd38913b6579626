import type { Refusal } from "../src/base/refusal.js";
import type { Node } from "../src/ir/graph.js";
import { compoundEnds } from "../src/patterns/recognize.js";
import { fuseCompound } from "../src/rewrite/fuse-compound.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";

/**
 * Make one operator of those that spell it out.
 *
 *   before   d = Div (x, sqrt2)  e = Erf (d)  p = Add (e, one)
 *            m = Mul (x, p)      y = Mul (m, half)
 *   after    y = Gelu (x)
 *
 * HardSigmoid, HardSwish, Mish, Swish, Gelu, Softplus, Sigmoid, PRelu, LeakyRelu, Elu, Selu, Celu; LayerNormalization,
 * RMSNormalization, InstanceNormalization, GroupNormalization; Softmax, LogSoftmax, ReduceMean, ReduceL1, ReduceL2,
 * ReduceSumSquare, ReduceLogSumExp, and a reduction of a reduction; Div from a product with a reciprocal.
 *
 * Math       as in the specification of the operator; operands in either order, scalars wherever they stand
 * Source     src/ops/compound; Hendrycks and Gimpel 2016 (Gelu), Ba et al. 2016 (LayerNormalization)
 * Requires   the operator in the model's opset; float or float16, double where onnxruntime has a kernel; no use of a value
 *            inside from outside; parameters proven to run along the normalized axes, none that makes the result larger
 * Refuses    an opset that is too low, with the one that has it
 * Numerics   rounding. Constants may be off by their own rounding. Where exp overflows, the spellings of Softplus,
 *            Softmax, LogSoftmax and ReduceLogSumExp are infinite or NaN, and the operators are not
 */
export const fuseCompoundOperators: Pass = {
  kind: "rules",
  name: "fuse-compound-operators",
  summary:
    "Gelu, HardSwish, LayerNormalization and others that are spelled out become one operator of the opset",
  before: "d = Div(x, 1.414)  e = Erf(d)  p = Add(e, 1)  m = Mul(x, p)  y = Mul(m, 0.5)",
  after: "y = Gelu(x)",
  numerics: "rounding",
  rules: [{ operators: compoundEnds("rounding"), match }],
};

function match(node: Node, { facts }: View): Proposal | Refusal | undefined {
  return fuseCompound(node, facts, "rounding");
}
