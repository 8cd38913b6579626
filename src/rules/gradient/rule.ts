import type { Refusal } from "../../base/refusal.js";
import type { Builder } from "../../ir/builder.js";
import type { Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import type { Facts } from "../facts.js";

/** The context of a gradient rule. The model has opset 18 or newer, so that axes are inputs everywhere. */
export interface GradientContext {
  /** The forward node. After `forwardOutput` added an output it is another object. */
  readonly node: Node;
  /** The operator of the node. */
  readonly operator: StandardOperator;
  readonly facts: Facts;
  /** Adds nodes behind all forward nodes. */
  readonly build: Builder;
  readonly opset: number;
  /** Input `index`, which the operator requires. */
  input(index: number): Value;
  /** Output `index` of the forward node, for rules that reuse it. */
  output(index: number): Value;
  /** The gradient of output `index`; undefined where nothing depends on the output. */
  grad(index: number): Value | undefined;
  /** Whether the gradient of input `index` is asked for. */
  needs(index: number): boolean;
  /** Output `index`, which is added to the forward node if it lacks it (MaxPool's Indices, the statistics of a batch). */
  forwardOutput(index: number): Value;
  /** The outer values that the node's bodies read and whose gradients are asked for. */
  readonly captures: readonly Value[];
  /** Adds to the gradient of one of the captures, which are no inputs of the node. */
  contribute(value: Value, gradient: Value): void;
}

/** The gradients by input; undefined where none is asked for, or where the operator does not depend on the input. */
export type InputGradients = readonly (Value | undefined)[];

/**
 * The vector-Jacobian product of an operator, written in standard operators that onnxruntime runs. It is called only when
 * at least one output has a gradient and the gradient of at least one input is asked for.
 */
export type GradientRule = (context: GradientContext) => InputGradients | Refusal;

/** Gradient rules by operator, for a part of a family. */
export type GradientRules<Name extends string> = Readonly<Record<Name, GradientRule>>;

/** The rule of an operator whose derivative is zero wherever it exists (Floor, Sign), or that stops gradients. */
export const NO_GRADIENT: GradientRule = () => [];

const REFUSED = new WeakMap<GradientRule, Refusal>();

/** The rule of an operator whose derivative is not written; the refusal tells the user what to do instead. */
export function refusing(refusal: Refusal): GradientRule {
  const rule: GradientRule = () => refusal;
  REFUSED.set(rule, refusal);
  return rule;
}

/** The refusal of a rule made by `refusing`; undefined for other rules. */
export function refusalOf(rule: GradientRule): Refusal | undefined {
  return REFUSED.get(rule);
}
