import { createFacts } from "../../../src/analysis/fact-table.js";
import type { Random } from "../../../src/base/random.js";
import { Builder } from "../../../src/ir/builder.js";
import type { Value } from "../../../src/ir/graph.js";
import { createModel, type Model } from "../../../src/ir/model.js";
import type { StandardOperator } from "../../../src/ir/operator-name.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import { tensorType } from "../../../src/ir/type.js";
import type { Facts } from "../../../src/rules/facts.js";

/** A graph that grows; every value is a float tensor of rank 2 whose elements stay between -2 and 2 or so. */
interface Growing {
  readonly build: Builder;
  readonly facts: Facts;
  readonly random: Random;
  readonly values: Value[];
}

type Step = (g: Growing, x: Value) => Value;

function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[random.integer(0, list.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

function dims(g: Growing, x: Value): readonly number[] {
  const shape = g.facts.staticShape(x);
  if (shape === undefined) throw new Error(`the shape of ${x.name} is not known`);
  return shape;
}

/** A value of sizes that broadcast against those of x. */
function partner(g: Growing, x: Value): Value {
  const own = dims(g, x);
  const fitting = g.values.filter((value) =>
    dims(g, value).every((size, axis) => size === 1 || own[axis] === 1 || size === own[axis]),
  );
  return pick(g.random, fitting);
}

function attributeless(opType: StandardOperator): Step {
  return (g, x) => g.build.op(opType, [x]);
}

/** A function on what is above 0.1, made so by a Softplus. */
function onPositive(opType: StandardOperator): Step {
  return (g, x) =>
    g.build.op(opType, [g.build.op("Add", [g.build.op("Softplus", [x]), g.build.scalar(0.3, "float")])]);
}

function binary(opType: StandardOperator): Step {
  return (g, x) => g.build.op("Tanh", [g.build.op(opType, [x, partner(g, x)])]);
}

function reduction(opType: StandardOperator): Step {
  return (g, x) => g.build.op(opType, [x, g.build.ints([g.random.integer(-2, 2)])]);
}

function noise(g: Growing, size: number): Value {
  return g.build.constant(
    tensorFromNumbers(
      "bool",
      [size],
      Array.from({ length: size }, () => g.random.integer(0, 2)),
    ),
  );
}

/** Smooth or linear steps; kinks and ties have tests of their own. */
const STEPS: readonly Step[] = [
  ...(
    ["Sin", "Cos", "Tanh", "Sigmoid", "Softplus", "Erf", "Atan", "Asinh", "Neg", "Gelu", "Mish"] as const
  ).map(attributeless),
  ...(["Sqrt", "Log", "Reciprocal"] as const).map(onPositive),
  ...(["Add", "Sub", "Mul", "Sum", "Mean"] as const).map(binary),
  // Without the Tanh, several in a row are steeper than any finite difference can follow.
  (g, x) => g.build.op("Div", [x, g.build.op("Exp", [g.build.op("Tanh", [partner(g, x)])])]),
  (g, x) => g.build.op("Tanh", [g.build.op("Pow", [x, g.build.scalar(g.random.integer(1, 4), "float")])]),
  (g, x) => g.build.op("Elu", [g.build.op("Exp", [g.build.op("Neg", [x])])]),
  ...(["ReduceSum", "ReduceMean", "ReduceLogSumExp", "ReduceSumSquare"] as const).map(
    (opType): Step =>
      (g, x) =>
        g.build.op("Tanh", [reduction(opType)(g, x)]),
  ),
  (g, x) => g.build.op("Transpose", [x]),
  (g, x) => g.build.op("CumSum", [g.build.op("Tanh", [x]), g.build.int(g.random.integer(0, 2))]),
  (g, x) => {
    const axis = g.random.integer(0, 2);
    return g.build.op("Concat", [x, g.build.op("Sin", [x])], { axis: BigInt(axis) });
  },
  (g, x) => {
    const axis = g.random.integer(0, 2);
    const size = dims(g, x)[axis] ?? 1;
    const start = g.random.integer(0, size);
    const [from, to] = [g.build.ints([start]), g.build.ints([size])];
    return g.build.op("Slice", [x, from, to, g.build.ints([axis])]);
  },
  (g, x) => {
    const axis = g.random.integer(0, 2);
    const size = dims(g, x)[axis] ?? 1;
    const rows = Array.from({ length: 3 }, () => g.random.integer(-size, size));
    return g.build.op("Gather", [x, g.build.ints(rows)], { axis: BigInt(axis) });
  },
  (g, x) => {
    const condition = noise(g, dims(g, x)[1] ?? 1);
    return g.build.op("Where", [condition, x, partner(g, x)]);
  },
  (g, x) => {
    const mode = pick(g.random, ["constant", "edge", "wrap"]);
    return g.build.op("Pad", [x, g.build.ints([1, 0, 0, 1])], { mode });
  },
  (g, x) => {
    const [rows = 1, columns = 1] = dims(g, x);
    return g.build.op("Reshape", [x, g.build.ints([columns, rows])]);
  },
  (g, x) => {
    if ((dims(g, x)[1] ?? 1) < 2) return g.build.op("Neg", [x]);
    const parts = g.build.ops("Split", [x], 2, { axis: 1n, num_outputs: 2n });
    return pick(g.random, parts);
  },
  (g, x) => g.build.op("Tile", [x, g.build.ints([1, 2])]),
  (g, x) => g.build.op("Trilu", [x], { upper: BigInt(g.random.integer(0, 2)) }),
];

/** Larger tensors would only make the runs slower. */
const MOST_ELEMENTS = 64;

/** A random graph over the rules, from inputs "x0", "x1", "x2" of fixed sizes to the output "y". */
export function randomDifferentiable(random: Random, steps: number): Model {
  const model = createModel(21);
  const { graph } = model;
  const sizes = pick(random, [
    [
      [2, 3],
      [1, 3],
      [2, 1],
    ],
    [
      [4, 2],
      [4, 2],
      [1, 1],
    ],
  ]);
  const values: Value[] = sizes.map((shape, index) =>
    graph.addInput({ name: `x${index}`, type: tensorType("float", shape) }),
  );
  const growing = { build: new Builder(graph), facts: createFacts(model), random, values };
  for (let count = 0; count < steps; count++) {
    const from = pick(random, values.slice(-5));
    const step = pick(random, STEPS);
    const value = step(growing, from);
    const shape = dims(growing, value);
    const count = shape.reduce((product, size) => product * size, 1);
    if (count > 0 && count <= MOST_ELEMENTS) values.push(value);
  }
  // All values without a reader go into the output, so that every node is tested.
  const loose = values.filter((value) => value.uses.size === 0);
  const sums = loose.map((value) =>
    growing.build.op("ReduceSum", [growing.build.op("Tanh", [value])], { keepdims: 0n }),
  );
  const y = growing.build.op("Sum", sums, {}, "y");
  y.info = { name: y.name, type: tensorType("float", []) };
  graph.addOutput(y);
  return model;
}
