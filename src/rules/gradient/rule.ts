import type { Refusal } from "../../base/refusal.js";
import type { Builder } from "../../ir/builder.js";
import type { Node, Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import type { Facts } from "../facts.js";

/** What a rule works with. The model is of opset 18 or newer, so that axes are inputs everywhere. */
export interface GradientContext {
  /** The forward node; another object after `forwardOutput` gave it one more output. */
  readonly node: Node;
  /** The operator of the node. */
  readonly operator: StandardOperator;
  readonly facts: Facts;
  /** Writes after every forward node. */
  readonly build: Builder;
  readonly opset: number;
  /** The input at `index`, which the operator's definition says is there. */
  input(index: number): Value;
  /** The output at `index` of the forward node, for rules that reuse what was computed. */
  output(index: number): Value;
  /** The gradient that comes in for output `index`; undefined where nothing depends on it, which is not zero. */
  grad(index: number): Value | undefined;
  /** Whether the gradient of input `index` is asked for. */
  needs(index: number): boolean;
  /** Output `index`, which the forward node is given when it has none yet (MaxPool's Indices, a batch's statistics). */
  forwardOutput(index: number): Value;
  /** The values from around the node that its bodies read and whose gradients are asked for. */
  readonly captures: readonly Value[];
  /** Adds to the gradient of a value that is no input of the node: one of the captures. */
  contribute(value: Value, gradient: Value): void;
}

/** The gradients by input; undefined where none is asked for or the operator is constant in that input. */
export type InputGradients = readonly (Value | undefined)[];

/**
 * The vector-Jacobian product of an operator, in operators of the standard domain that stock onnxruntime has. Called only
 * when at least one gradient comes in and one is asked for.
 */
export type GradientRule = (context: GradientContext) => InputGradients | Refusal;

/** Rules by name, for a part of a family. */
export type GradientRules<Name extends string> = Readonly<Record<Name, GradientRule>>;

/** An operator whose derivative is zero wherever there is one (Floor, Sign), or that no gradient goes through. */
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
