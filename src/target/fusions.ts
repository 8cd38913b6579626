import type { Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";
import { declarationOf } from "../ops/catalogue.js";
import type { Compound, CompoundInput } from "../patterns/compound.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";

/**
 * An operator that a runtime computes by one kernel where the model spells it out, because the model's opset does not have
 * it: the runtime fuses the expression when it loads the model. Half of such an expression is worth less than the whole.
 */
export interface RuntimeFusion {
  /** The operator that the expression spells out. */
  readonly operator: StandardOperator;
  /** The attribute that tells two such expressions apart; undefined where there is one only. */
  readonly approximate?: string;
  /** The kernel that the runtime makes of it. */
  readonly kernel: string;
  /** The runtime's source that fuses it. */
  readonly source: string;
  /** Whether the runtime fuses this expression as it is written: it knows fewer spellings than there are. */
  readonly takes: (compound: Compound) => boolean;
  /** How many operators `spellingOf` writes, in the form that the runtime fuses. */
  readonly steps: number;
}

const count = ({ nodes }: Compound, operator: StandardOperator): number =>
  nodes.filter((node) => node.is(operator)).length;

/** GeluFusion wants x / sqrt 2, and 1/2 as a factor of x or of the whole. */
const asGelu = (compound: Compound): boolean => {
  const sum = compound.nodes.find((node) => node.is("Add"))?.output(0);
  const [reader] = sum?.users ?? [];
  const argument = compound.nodes.find((node) => node.is("Erf"))?.input(0)?.producer;
  const isDivided = count(compound, "Div") === 1 && argument?.is("Div") === true;
  return (
    isDivided && reader?.inputs.every((value) => constantTensor(value ?? undefined) === undefined) === true
  );
};

/** FastGeluFusion wants x^3 by a Pow, and x/2 as a factor of the last product. */
const asFastGelu = (compound: Compound): boolean => {
  const factors = compound.nodes.at(-1)?.inputs.map((value) => value?.producer) ?? [];
  const isLast = factors.some((node) => node?.is("Add")) && factors.some((node) => node?.is("Mul"));
  return (
    count(compound, "Pow") === 1 && count(compound, "Mul") === 4 && count(compound, "Add") === 2 && isLast
  );
};

/** LayerNormFusion wants a Pow and a Div, and a Mul by the scale and an Add of the bias at the end, even neutral ones. */
const asLayerNorm = (compound: Compound): boolean => {
  const only = compound.nodes.every((node) =>
    node.is("ReduceMean", "Sub", "Pow", "Add", "Sqrt", "Div", "Mul"),
  );
  const [pow, div, mul, add] = (["Pow", "Div", "Mul", "Add"] as const).map((name) => count(compound, name));
  return only && pow === 1 && div === 1 && mul === 1 && add === 2;
};

/** SimplifiedLayerNormFusion wants a Pow, x over the root or by its inverse as a Div, and a Mul by the scale at the end. */
const asRmsNorm = (compound: Compound): boolean => {
  const { nodes } = compound;
  const only = nodes.every((node) => node.is("ReduceMean", "Pow", "Add", "Sqrt", "Div", "Mul"));
  const [pow, root, div] = (["Pow", "Sqrt", "Div"] as const).map((name) => count(compound, name));
  return only && pow === 1 && root === 1 && div === 1 && isScaledLast(compound);
};

/** Whether the last operator multiplies by a constant: the scale, without which the expression is only a part. */
const isScaledLast = ({ nodes }: Compound): boolean => {
  const last = nodes.at(-1);
  return (
    last?.is("Mul") === true && last.inputs.some((value) => constantTensor(value ?? undefined) !== undefined)
  );
};

/** The fusions that onnxruntime 1.30 makes on its CPU at its default level. */
const ONNXRUNTIME: readonly RuntimeFusion[] = [
  {
    operator: "Gelu",
    approximate: "none",
    kernel: "com.microsoft.Gelu",
    source: "onnxruntime/core/optimizer/gelu_fusion.cc",
    takes: asGelu,
    steps: 5,
  },
  {
    operator: "Gelu",
    approximate: "tanh",
    kernel: "com.microsoft.FastGelu",
    source: "onnxruntime/core/optimizer/fast_gelu_fusion.cc",
    takes: asFastGelu,
    steps: 8,
  },
  {
    operator: "LayerNormalization",
    kernel: "LayerNormalization, com.microsoft.SkipLayerNormalization",
    source: "onnxruntime/core/optimizer/layer_norm_fusion.cc",
    takes: asLayerNorm,
    steps: 9,
  },
  {
    operator: "RMSNormalization",
    kernel: "SimplifiedLayerNormalization",
    source: "onnxruntime/core/optimizer/layer_norm_fusion.cc, SimplifiedLayerNormFusion",
    takes: asRmsNorm,
    steps: 6,
  },
];

/** The operators of which onnxruntime makes one kernel. */
export const FUSED: ReadonlySet<StandardOperator> = new Set(ONNXRUNTIME.map(({ operator }) => operator));

/** The fusion of onnxruntime for the operator that this expression spells out, however it does. */
export function fusionOf({ opType, attributes, inputs }: Compound): RuntimeFusion | undefined {
  if (opType === "RMSNormalization" && isCentered(inputs[0] ?? null)) return undefined;
  return ONNXRUNTIME.find(
    ({ operator, approximate }) =>
      operator === opType &&
      (approximate ?? "") === (opType === "Gelu" ? (attributes["approximate"] ?? "none") : ""),
  );
}

/** Whether a mean was taken off: then it is a part of a LayerNormalization. */
function isCentered(input: CompoundInput): boolean {
  if (input === null || "constant" in input) return false;
  const mean = input.producer?.is("Sub") ? input.producer.input(1)?.producer : undefined;
  return mean?.is("ReduceMean") === true && mean.input(0) === input.producer?.input(0);
}

/**
 * Whether the expression may be written in the form that the runtime fuses instead: with no more operators, and where that form
 * has all the operands that the expression has.
 */
export function canBeRespelled(compound: Compound, { operator, steps }: RuntimeFusion): boolean {
  const { nodes, inputs } = compound;
  if (nodes.length < steps || nodes.some((node) => node.is("Cast"))) return false;
  if (operator === "RMSNormalization") return isScaledLast(compound);
  return (
    operator !== "LayerNormalization" || (inputs.length === 3 && inputs.every((input) => input !== null))
  );
}

/** Whether the node is of an operator that its opset does not have yet, so that it stands for an expression. */
export function lacksOperator(node: Node, facts: Facts): boolean {
  if (!ONNXRUNTIME.some(({ operator }) => node.is(operator)) || facts.isCall(node)) return false;
  const first = declarationOf(node)?.since[0];
  const opset = facts.opset(node);
  return first !== undefined && opset !== undefined && opset < first;
}
