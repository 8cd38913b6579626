import { createRandom, type Random } from "../../src/base/random.js";
import { Graph, type Value } from "../../src/ir/graph.js";
import { createModel, type Model } from "../../src/ir/model.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { tensorType } from "../../src/ir/type.js";

/** A sound model of made-up operators: several outputs, skipped operands, odd names, constants, bodies with captures. */
export function randomModel(seed: number): Model {
  const random = createRandom(seed);
  const model = createModel(17, "random");
  fill(model.graph, [], namer(random), random, 2);
  model.opsetImports = [...model.opsetImports, { domain: "made.up", version: 1 }];
  return model;
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.integer(0, items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

const DTYPES = ["float", "double", "float16", "int64", "int32", "uint8", "bool"] as const;
const STEMS = ["v", "conv/out:0", "float", "näme", "a b"];

/** Names are taken when they are drawn: those of a node's outputs are drawn before its body. */
function namer(random: Random): () => string {
  const drawn = new Map<string, number>();
  return () => {
    const stem = pick(random, STEMS);
    const count = drawn.get(stem) ?? 0;
    drawn.set(stem, count + 1);
    return count === 0 ? stem : `${stem}${count}`;
  };
}

function fill(
  graph: Graph,
  outer: readonly Value[],
  name: () => string,
  random: Random,
  depth: number,
): void {
  const visible: Value[] = [];
  const any = (): Value => pick(random, [...visible, ...outer]);
  if (outer.length === 0) {
    for (let i = random.integer(1, 4); i > 0; i--) {
      visible.push(
        graph.addInput({ name: name(), type: tensorType(pick(random, DTYPES), [2, "N", undefined]) }),
      );
    }
  }
  for (let i = random.integer(0, 4); i > 0; i--) {
    const size = random.integer(0, 5);
    const data = Array.from({ length: size }, () => random.integer(0, 2));
    visible.push(graph.addInitializer(name(), tensorFromNumbers(pick(random, DTYPES), [size], data)));
  }
  for (let i = random.integer(1, 8); i > 0; i--) {
    const inputs = Array.from({ length: random.integer(0, 4) }, () =>
      random.uniform() < 0.2 ? null : any(),
    );
    const outputs = Array.from({ length: random.integer(1, 3) }, () =>
      random.uniform() < 0.1 ? null : name(),
    );
    const body = depth > 0 && random.uniform() < 0.25 ? new Graph("body", graph) : undefined;
    if (body !== undefined) fill(body, [...visible, ...outer], name, random, depth - 1);
    const node = graph.addNode({
      opType: pick(random, ["Relu", "Add", "Made"]),
      ...(random.uniform() < 0.3 ? { domain: "made.up" } : {}),
      ...(random.uniform() < 0.3 ? { name: `node ${i}` } : {}),
      inputs,
      outputs,
      attributes: {
        ...(random.uniform() < 0.5 ? { alpha: { kind: "float", value: Math.fround(random.normal()) } } : {}),
        ...(random.uniform() < 0.5 ? { axis: random.integer(-3, 3) } : {}),
        ...(random.uniform() < 0.3 ? { mode: pick(random, ['quo"ted', "back\\slash", ""]) } : {}),
        ...(random.uniform() < 0.3 ? { pads: { kind: "ints", value: [] } } : {}),
        ...(body === undefined ? {} : { body: { kind: "graph", value: body } }),
      },
    });
    for (const output of node.outputs) {
      if (output === null) continue;
      if (random.uniform() < 0.5) output.info = { name: output.name, type: tensorType("float", ["N"]) };
      visible.push(output);
    }
  }
  const results = visible.filter((value) => value.producer !== undefined);
  for (let i = random.integer(0, 3); i > 0 && results.length > 0; i--) graph.addOutput(pick(random, results));
}
