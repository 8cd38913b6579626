import { present } from "../base/assert.js";
import { dtypeCode } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import { TRAINING_METHOD } from "../options/train.js";
import { castLike, type GradientBuild, scalarLike } from "../rules/gradient/support.js";
import { errors } from "./errors.js";

/**
 * How an optimizer moves a parameter w by its gradient g. The formulas are PyTorch's:
 *
 *   sgd       w -= lr (g + wd w)
 *   momentum  v = mu v + (g + wd w);  w -= lr v
 *   nesterov  v = mu v + (g + wd w);  w -= lr ((g + wd w) + mu v)
 *   adam      m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + eps),
 *             with wd w in g
 *   adamw     the same after w *= 1 - lr wd, without wd w in g
 *
 * lr, mu and wd are inputs of the step, so that schedules live outside of it. Weight decay applies to weights alone,
 * not to biases and the parameters of normalizations.
 */
export type Optimizer =
  | {
      /** Stochastic gradient descent. */
      readonly kind: "sgd";
    }
  | {
      /** Gradient descent with momentum. */
      readonly kind: "momentum";
    }
  | {
      /** Gradient descent with Nesterov's momentum. */
      readonly kind: "nesterov";
    }
  | {
      /** Adam; adamw decays the weights apart from the gradient. */
      readonly kind: "adam" | "adamw";
      /** b1 and b2, each from 0 to below 1. Default 0.9 and 0.999. */
      readonly betas?: readonly [number, number];
      /** eps, above 0. Default 1e-8. */
      readonly epsilon?: number;
    };

/** The name of an optimizer. */
export type OptimizerKind = Optimizer["kind"];

/** All optimizers. */
export const OPTIMIZERS: readonly OptimizerKind[] = TRAINING_METHOD.optimizer.choices;

/** The scalar inputs of the step. */
export interface Hyperparameters {
  /** lr */
  readonly learningRate: Value;
  /** wd */
  readonly weightDecay: Value;
  /** mu, for the optimizers that have it. */
  readonly momentum: Value | undefined;
  /** The number of steps before this one, for Adam's bias correction. */
  readonly count: Value | undefined;
}

/** True for the optimizers with momentum. */
export function usesMomentum({ kind }: Optimizer): boolean {
  return kind === "momentum" || kind === "nesterov";
}

/** True for the optimizers with moments of the gradient. */
export function usesMoments({ kind }: Optimizer): boolean {
  return kind === "adam" || kind === "adamw";
}

/** The names of the tensors that an optimizer keeps for each parameter (slots), in its shape and zero at first. */
export function slotNames(optimizer: Optimizer): readonly string[] {
  if (usesMoments(optimizer)) return ["moment1", "moment2"];
  return usesMomentum(optimizer) ? ["velocity"] : [];
}

/** A parameter and its slots. */
export interface ParameterState {
  /** The parameter. */
  readonly parameter: Value;
  /** The slots, in the order of `slotNames`. */
  readonly slots: readonly Value[];
}

/** Adds one step of the optimizer. Throws "usage" for numbers of Adam that are out of range. */
export function addUpdate(
  c: GradientBuild,
  optimizer: Optimizer,
  { learningRate, weightDecay, momentum, count }: Hyperparameters,
  state: ParameterState,
  gradient: Value,
  decays: boolean,
): ParameterState {
  const { build } = c;
  const { parameter } = state;
  const mul = (a: Value, b: Value): Value => build.op("Mul", [a, b]);
  const isDecoupled = optimizer.kind === "adamw";
  const g = decays && !isDecoupled ? build.op("Add", [gradient, mul(parameter, weightDecay)]) : gradient;
  const step = (from: Value, direction: Value): Value =>
    build.op("Sub", [from, mul(direction, learningRate)]);
  if (optimizer.kind === "sgd") return { parameter: step(parameter, g), slots: [] };
  if (optimizer.kind === "momentum" || optimizer.kind === "nesterov") {
    const velocity = build.op("Add", [mul(need(state.slots[0]), need(momentum)), g]);
    const direction =
      optimizer.kind === "momentum" ? velocity : build.op("Add", [g, mul(velocity, need(momentum))]);
    return { parameter: step(parameter, direction), slots: [velocity] };
  }
  const { betas: [beta1, beta2] = [0.9, 0.999], epsilon = 1e-8 } = optimizer;
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0)) {
    throw errors.adamNumbersOutsideRange();
  }
  const scalar = (value: number): Value => scalarLike(c, value, parameter);
  const blend = (old: Value, fresh: Value, beta: number): Value =>
    build.op("Add", [mul(old, scalar(beta)), mul(fresh, scalar(1 - beta))]);
  const correction = biasCorrection(c, need(count), parameter);
  const moment1 = blend(need(state.slots[0]), g, beta1);
  const moment2 = blend(need(state.slots[1]), mul(g, g), beta2);
  const size = build.op("Sqrt", [build.op("Div", [moment2, correction(beta2)])]);
  const direction = build.op("Div", [
    build.op("Div", [moment1, correction(beta1)]),
    build.op("Add", [size, scalar(epsilon)]),
  ]);
  const kept = mul(learningRate, weightDecay);
  const from = decays && isDecoupled ? mul(parameter, build.op("Sub", [scalar(1), kept])) : parameter;
  return { parameter: step(from, direction), slots: [moment1, moment2] };
}

/**
 * 1 - beta^t for the step after `count` others, in the type of `like`. Worked out in float64: float32 rounds 0.999 by 1e-8, of which
 * 1 - 0.999^t, as small as 0.001, keeps an error of 1e-5.
 */
function biasCorrection(c: GradientBuild, count: Value, like: Value): (beta: number) => Value {
  const { build } = c;
  const double = (value: number): Value => build.scalar(value, "double");
  const before = build.op("Cast", [count], { to: BigInt(dtypeCode("double")) });
  const time = build.op("Add", [before, double(1)]);
  return (beta) => castLike(c, build.op("Sub", [double(1), build.op("Pow", [double(beta), time])]), like);
}

function need(value: Value | undefined): Value {
  return present(value, "the optimizer's state is complete");
}
