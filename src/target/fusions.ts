import type { Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { declarationOf } from "../ops/catalogue.js";
import type { Compound } from "../patterns/compound.js";
import type { Facts } from "../rules/facts.js";

/**
 * An operator that a runtime computes by one kernel where the model spells it out, because the model's opset does not have
 * it: the runtime fuses the expression when it loads the model. Half of such an expression is worth less than the whole.
 */
export interface RuntimeFusion {
  /** The operator that the expression spells out. */
  readonly operator: StandardOperator;
  /** The kernel that the runtime makes of it. */
  readonly kernel: string;
  /** The runtime's source that fuses it. */
  readonly source: string;
  /** Whether the runtime recognizes what this expression has: it asks for more than the mathematics does. */
  readonly takes: (compound: Compound) => boolean;
}

const always = (): boolean => true;

/** LayerNormFusion wants a Pow and a Div, and a Mul by the scale and an Add of the bias at the end, even neutral ones. */
const asPyTorchSpellsIt = ({ nodes }: Compound): boolean => {
  const count = (operator: StandardOperator): number => nodes.filter((node) => node.is(operator)).length;
  const only = nodes.every((node) => node.is("ReduceMean", "Sub", "Pow", "Add", "Sqrt", "Div", "Mul"));
  return only && count("Pow") === 1 && count("Div") === 1 && count("Mul") === 1 && count("Add") === 2;
};

/** The fusions that onnxruntime 1.30 makes on its CPU at its default level. */
const ONNXRUNTIME: readonly RuntimeFusion[] = [
  {
    operator: "Gelu",
    kernel: "com.microsoft.Gelu, com.microsoft.FastGelu",
    source: "onnxruntime/core/optimizer/gelu_fusion.cc, fast_gelu_fusion.cc",
    takes: always,
  },
  {
    operator: "LayerNormalization",
    kernel: "LayerNormalization, com.microsoft.SkipLayerNormalization",
    source: "onnxruntime/core/optimizer/layer_norm_fusion.cc",
    takes: asPyTorchSpellsIt,
  },
];

/** The operators of which onnxruntime makes one kernel. */
export const FUSED: ReadonlySet<StandardOperator> = new Set(ONNXRUNTIME.map(({ operator }) => operator));

/** The fusion of onnxruntime that this expression is, if it is one. */
export function fusionOf(compound: Compound): RuntimeFusion | undefined {
  return ONNXRUNTIME.find(({ operator, takes }) => operator === compound.opType && takes(compound));
}

/** Whether the node is of an operator that its opset does not have yet, so that it stands for an expression. */
export function lacksOperator(node: Node, facts: Facts): boolean {
  if (!ONNXRUNTIME.some(({ operator }) => node.is(operator)) || facts.isCall(node)) return false;
  const first = declarationOf(node)?.since[0];
  const opset = facts.opset(node);
  return first !== undefined && opset !== undefined && opset < first;
}
