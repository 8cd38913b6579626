import { expect, it } from "vitest";
import type { Graph, Value } from "../../src/ir/graph.js";
import { createModel, type Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";

const SHORT = 1500;
const LONG = 4 * SHORT;
/** Four times the length is four times the work; sixteen times where it grows with the square. */
const MOST = 10;

function modelOf(build: (graph: Graph) => Value): Model {
  const model = createModel(17);
  const result = build(model.graph);
  result.info = { name: result.name, type: { kind: "tensor", dtype: "float", shape: undefined } };
  model.graph.addOutput(result);
  return model;
}

const input = (graph: Graph, name: string, width: number): Value =>
  graph.addInput({ name, type: { kind: "tensor", dtype: "float", shape: ["N", width] } });

function add(graph: Graph, opType: string, inputs: readonly Value[], attributes = {}): Value {
  const node = graph.addNode({ opType, inputs, outputs: [graph.freshName("v")], attributes });
  const [output] = node.outputs;
  if (!output) throw new Error("no output");
  return output;
}

const integer = (graph: Graph, value: number): Value =>
  graph.addInitializer(graph.freshName("i"), tensorFromNumbers("int64", [1], [value]));

type Build = (graph: Graph, length: number) => Value;

/** One operator of two in another. */
function nested(opType: string, attributes = {}): Build {
  return (graph, length) => {
    let value = input(graph, "x", 2);
    for (let i = 0; i < length; i++) {
      const other = input(graph, `x${i}`, 2);
      value = add(graph, opType, i % 2 === 1 ? [other, value] : [value, other], attributes);
    }
    return value;
  };
}

const SHAPES: readonly (readonly [string, Build, (length: number) => number])[] = [
  ["Max in Max", nested("Max"), () => 1],
  ["Sum in Sum", nested("Sum"), () => 1],
  ["Concat in Concat", nested("Concat", { axis: 1 }), () => 1],
  [
    "Slices side by side",
    (graph, length) => {
      const [x, axis] = [input(graph, "x", length), integer(graph, 1)];
      const pieces = Array.from({ length }, (_, i) =>
        add(graph, "Slice", [x, integer(graph, i), integer(graph, i + 1), axis]),
      );
      return add(graph, "Tanh", [add(graph, "Concat", pieces, { axis: 1 })]);
    },
    () => 1,
  ],
  [
    "Gathers of the parts of a Concat",
    (graph, length) => {
      const parts = Array.from({ length }, (_, i) => input(graph, `x${i}`, 2));
      const whole = add(graph, "Concat", parts, { axis: 1 });
      const picked = parts.map((_, i) => add(graph, "Gather", [whole, integer(graph, 2 * i)], { axis: 1 }));
      return add(graph, "Sum", picked);
    },
    (length) => length + 2,
  ],
];

/** Seconds that the machine works on it, whatever else it does meanwhile. */
async function work(build: Build, length: number, left: number): Promise<number> {
  const original = modelOf((graph) => build(graph, length));
  const start = process.cpuUsage();
  const { model } = await rewriteModel(original, {}, {});
  expect(model.graph.nodeCount).toBe(left);
  return process.cpuUsage(start).user / 1e6;
}

it.each(SHAPES)(
  "the time for %s grows with their length",
  async (_, build, left) => {
    const short = await work(build, SHORT, left(SHORT));
    expect((await work(build, LONG, left(LONG))) / short).toBeLessThan(MOST);
  },
  60_000,
);
