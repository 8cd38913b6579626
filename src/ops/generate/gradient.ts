import type { Value } from "../../ir/graph.js";
import { type FacetTable, opaque } from "../../rules/facet.js";
import { type GradientRule, NO_GRADIENT } from "../../rules/gradient/rule.js";
import {
  castLike,
  divide,
  multiply,
  reshapeLike,
  scalarLike,
  select,
  subtract,
} from "../../rules/gradient/support.js";
import type { OPERATORS } from "./operators.js";

/** The default ratio of Dropout. */
const DEFAULT_RATIO = 0.5;

/** Kept elements pass their gradient on, scaled as they were. In inference form the node is an identity. */
const dropout: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const mode = c.node.input(2);
  const isTraining = mode === undefined ? 0 : c.facts.numbers(mode)?.[0];
  if (isTraining === 0) return [g];
  const ratio = c.node.input(1);
  const one = scalarLike(c, 1, g);
  const kept =
    ratio === undefined ? scalarLike(c, 1 - DEFAULT_RATIO, g) : subtract(c, one, castLike(c, ratio, g));
  const scaled = divide(c, g, kept);
  const trained = select(c, c.forwardOutput(1), scaled);
  return [isTraining === undefined && mode !== undefined ? select(c, mode, trained, g) : trained];
};

/** Elements are start + i * delta; the limit only gives their number. */
const range: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const { build } = c;
  const total = (value: Value, like: Value): Value =>
    reshapeLike(c, build.op("ReduceSum", [value], { keepdims: 0n }), like);
  let delta: Value | undefined;
  if (c.needs(2)) {
    const steps = build.op("Range", [build.int(0), build.op("Size", [g]), build.int(1)]);
    delta = total(multiply(c, g, castLike(c, steps, g)), c.input(2));
  }
  return [c.needs(0) ? total(g, c.input(0)) : undefined, undefined, delta];
};

/** Constants and random numbers do not depend on the elements of their inputs. */
export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  Bernoulli: NO_GRADIENT,
  Constant: opaque("none of its inputs is data"),
  ConstantOfShape: opaque("none of its inputs is data"),
  Dropout: dropout,
  EyeLike: NO_GRADIENT,
  Multinomial: opaque("it gives integers"),
  RandomNormal: opaque("none of its inputs is data"),
  RandomNormalLike: NO_GRADIENT,
  RandomUniform: opaque("none of its inputs is data"),
  RandomUniformLike: NO_GRADIENT,
  Range: range,
};
