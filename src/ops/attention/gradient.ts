import { type GradientTable, refusing } from "../../rules/gradient-rule.js";

export const attentionGradients: GradientTable = {
  Attention: refusing(
    "it is one operator for a whole block; write it as MatMul, Softmax and MatMul to train through it",
  ),
};
