import { refuse } from "../../base/refusal.js";
import type { GradientRule, GradientTable } from "../gradient-rule.js";

const attention: GradientRule = () =>
  refuse("it is one operator for a whole block; write it as MatMul, Softmax and MatMul to train through it");

export const attentionGradients: GradientTable = { Attention: attention };
