import type { Value } from "../../ir/graph.js";
import type { StandardOperator } from "../../ir/operator-name.js";
import { type FacetTable, missing, opaque } from "../../rules/facet.js";
import type { GradientContext, GradientRule } from "../../rules/gradient/rule.js";
import {
  castLike,
  divide,
  multiply,
  sameShapes,
  scalarLike,
  scatterAdd,
  select,
  shapeOf,
  subtract,
} from "../../rules/gradient/support.js";
import { normalAxes } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** A value with the output's shape, reshaped so that it broadcasts to the input. */
function spread(c: GradientContext, value: Value): Value {
  if (c.node.int("keepdims", 1) !== 0) return value;
  const axes = c.node.input(1);
  // Without axes all are reduced, and a scalar broadcasts as it is.
  if (axes === undefined || c.facts.elements(axes)?.length === 0) return value;
  return c.build.op("Unsqueeze", [value, axes]);
}

/** Another reduction over the same axes, whose result broadcasts against the input. */
function reduceAlike(c: GradientContext, opType: StandardOperator, x: Value): Value {
  const axes = c.node.input(1);
  const noop = c.node.int("noop_with_empty_axes", 0);
  return c.build.op(opType, axes === undefined ? [x] : [x, axes], {
    keepdims: 1n,
    ...(noop === 0 ? {} : { noop_with_empty_axes: 1n }),
  });
}

function expandToInput(c: GradientContext, value: Value): Value {
  const x = c.input(0);
  return sameShapes(c, value, x) ? value : c.build.op("Expand", [value, shapeOf(c, x)]);
}

/** The number of elements that are reduced to one, as a scalar of the gradient's type. */
function count(c: GradientContext, g: Value): Value {
  const known = knownCount(c);
  if (known !== undefined) return scalarLike(c, known, g);
  // In float32, which divides by the size of an empty result without complaint.
  const size = (value: Value): Value => c.build.op("Cast", [c.build.op("Size", [value])], { to: 1n });
  const all = size(c.input(0));
  return castLike(c, c.facts.rank(c.output(0)) === 0 ? all : divide(c, all, size(c.output(0))), g);
}

function knownCount(c: GradientContext): number | undefined {
  const shape = c.facts.shape(c.input(0));
  if (shape === undefined) return undefined;
  const input = c.node.input(1);
  const named = input === undefined ? [] : c.facts.numbers(input);
  if (named === undefined) return undefined;
  const isNoop = c.node.int("noop_with_empty_axes", 0) !== 0;
  const axes = named.length > 0 ? normalAxes(named, shape.length) : isNoop ? [] : [...shape.keys()];
  let product = 1;
  for (const axis of axes ?? [-1]) {
    const dim = shape[axis];
    if (typeof dim !== "number") return undefined;
    product *= dim;
  }
  return product;
}

/** A rule from a formula in the gradient and the output, both broadcast to the input, and the input itself. */
function reduction(local: (c: GradientContext, g: Value, x: Value, y: () => Value) => Value): GradientRule {
  return (c) => {
    const g = c.grad(0);
    if (g === undefined) return [];
    return [local(c, spread(c, g), c.input(0), () => spread(c, c.output(0)))];
  };
}

/** Elements that are equal to the extremum share the gradient, as in PyTorch's amax. */
const extreme = reduction((c, g, x, y) => {
  const mask = c.build.op("Equal", [x, y()]);
  const ties = reduceAlike(c, "ReduceSum", castLike(c, mask, g));
  return select(c, mask, divide(c, g, ties));
});

/**
 * The product of all other elements: the product of the non-zero elements, divided by the element unless it is zero, and 0
 * where another element is zero. y/x would be 0/0 at a zero.
 */
const product = reduction((c, g, x) => {
  const isZero = c.build.op("Equal", [x, scalarLike(c, 0, x)]);
  const nonzero = select(c, isZero, scalarLike(c, 1, x), x);
  const zeros = castLike(c, isZero, g);
  const others = subtract(c, reduceAlike(c, "ReduceSum", zeros), zeros);
  const alone = c.build.op("Less", [others, scalarLike(c, 0.5, g)]);
  const rest = divide(c, reduceAlike(c, "ReduceProd", nonzero), nonzero);
  return select(c, alone, multiply(c, g, rest));
});

const cumSum: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const exclusive = c.node.int("exclusive", 0);
  const reverse = c.node.int("reverse", 0) === 0 ? 1n : 0n;
  return [c.build.op("CumSum", [g, c.input(1)], { exclusive: BigInt(exclusive), reverse })];
};

/** The chosen elements, whose indices are the second output, get the gradient. */
const topK: GradientRule = (c) => {
  const g = c.grad(0);
  if (g === undefined) return [];
  const chosen = c.forwardOutput(1);
  const axis = BigInt(c.node.int("axis", -1));
  return [
    scatterAdd(c, g, c.input(0), (zeros, updates) =>
      c.build.op("ScatterElements", [zeros, chosen, updates], { axis, reduction: "add" }),
    ),
  ];
};

export const gradient: FacetTable<keyof typeof OPERATORS, GradientRule> = {
  ArgMax: opaque("it gives indices"),
  ArgMin: opaque("it gives indices"),
  CumProd: missing("it could work as CumSum of logarithms does"),
  CumSum: cumSum,
  ReduceL1: reduction((c, g, x) => multiply(c, g, c.build.op("Sign", [x]))),
  // The norm of zeros has no derivative; zero is the subgradient of least norm.
  ReduceL2: reduction((c, g, x, y) => {
    const norm = y();
    const isZero = c.build.op("Equal", [norm, scalarLike(c, 0, norm)]);
    return multiply(c, divide(c, g, select(c, isZero, scalarLike(c, 1, norm), norm)), x);
  }),
  ReduceLogSum: (c) => {
    const g = c.grad(0);
    if (g === undefined) return [];
    return [expandToInput(c, spread(c, divide(c, g, c.build.op("Exp", [c.output(0)]))))];
  },
  ReduceLogSumExp: reduction((c, g, x, y) => multiply(c, g, c.build.op("Exp", [subtract(c, x, y())]))),
  ReduceMax: extreme,
  ReduceMean: reduction((c, g) => expandToInput(c, divide(c, g, count(c, g)))),
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceSum: reduction((c, g) => expandToInput(c, g)),
  ReduceSumSquare: reduction((c, g, x) => multiply(c, multiply(c, g, scalarLike(c, 2, g)), x)),
  TopK: topK,
};
