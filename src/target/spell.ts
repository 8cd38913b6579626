import type { AttributeInit } from "../ir/attribute.js";
import type { Node } from "../ir/graph.js";
import type { StandardOperator } from "../ir/operator-name.js";

/**
 * The place of an operand: an input of the operator that is spelled out, the result of an earlier step, a number of its
 * element type, or axes.
 */
export type SpelledInput =
  | { readonly input: number }
  | { readonly step: number }
  | { readonly number: number }
  | { readonly axes: readonly number[] };

/** One operator of a spelling; the last step gives the result. */
export interface SpelledStep {
  readonly operator: StandardOperator;
  readonly inputs: readonly SpelledInput[];
  readonly attributes?: Readonly<Record<string, AttributeInit>>;
}

const x: SpelledInput = { input: 0 };
const step = (index: number): SpelledInput => ({ step: index });
const number = (value: number): SpelledInput => ({ number: value });

/** x/2 (1 + erf(x / sqrt 2)), as PyTorch's exporters write it. */
const gelu: readonly SpelledStep[] = [
  { operator: "Div", inputs: [x, number(Math.SQRT2)] },
  { operator: "Erf", inputs: [step(0)] },
  { operator: "Add", inputs: [step(1), number(1)] },
  { operator: "Mul", inputs: [x, step(2)] },
  { operator: "Mul", inputs: [step(3), number(0.5)] },
];

/** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
const fastGelu: readonly SpelledStep[] = [
  { operator: "Pow", inputs: [x, number(3)] },
  { operator: "Mul", inputs: [step(0), number(0.044715)] },
  { operator: "Add", inputs: [x, step(1)] },
  { operator: "Mul", inputs: [step(2), number(Math.sqrt(2 / Math.PI))] },
  { operator: "Tanh", inputs: [step(3)] },
  { operator: "Add", inputs: [step(4), number(1)] },
  { operator: "Mul", inputs: [x, number(0.5)] },
  { operator: "Mul", inputs: [step(6), step(5)] },
];

function layerNormalization(node: Node): readonly SpelledStep[] {
  const axis = node.int("axis", -1);
  // An expression is collapsed only where it runs over the last axes, which are written from the end.
  const axes = Array.from({ length: -axis }, (_, index) => axis + index);
  const attributes = { axes, keepdims: 1 };
  return [
    { operator: "ReduceMean", inputs: [x], attributes },
    { operator: "Sub", inputs: [x, step(0)] },
    { operator: "Pow", inputs: [step(1), number(2)] },
    { operator: "ReduceMean", inputs: [step(2)], attributes },
    { operator: "Add", inputs: [step(3), number(node.float("epsilon", 1e-5))] },
    { operator: "Sqrt", inputs: [step(4)] },
    { operator: "Div", inputs: [step(1), step(5)] },
    { operator: "Mul", inputs: [step(6), { input: 1 }] },
    { operator: "Add", inputs: [step(7), { input: 2 }] },
  ];
}

/** x over the root of the mean of its squares, times the scale. */
function rmsNormalization(node: Node, opset: number): readonly SpelledStep[] {
  const axis = node.int("axis", -1);
  const axes = Array.from({ length: -axis }, (_, index) => axis + index);
  const mean: SpelledStep =
    opset < AXES_AS_INPUT
      ? { operator: "ReduceMean", inputs: [step(0)], attributes: { axes, keepdims: 1 } }
      : { operator: "ReduceMean", inputs: [step(0), { axes }], attributes: { keepdims: 1 } };
  return [
    { operator: "Pow", inputs: [x, number(2)] },
    mean,
    { operator: "Add", inputs: [step(1), number(node.float("epsilon", 1e-5))] },
    { operator: "Sqrt", inputs: [step(2)] },
    { operator: "Div", inputs: [x, step(3)] },
    { operator: "Mul", inputs: [step(4), { input: 1 }] },
  ];
}

/** The first opset whose ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18;

/**
 * The operator written out in the form that the runtime fuses, for a model of this opset; undefined for an operator that is
 * none of its fusions.
 */
export function spellingOf(node: Node, opset: number): readonly SpelledStep[] | undefined {
  if (node.is("Gelu")) return node.string("approximate") === "tanh" ? fastGelu : gelu;
  if (node.is("RMSNormalization")) return rmsNormalization(node, opset);
  return node.is("LayerNormalization") ? layerNormalization(node) : undefined;
}
