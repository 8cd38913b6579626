import { present } from "../base/assert.js";
import type { ValueMap } from "../ir/clone.js";
import { appendCopy } from "../ir/clone.js";
import { Graph, type Value } from "../ir/graph.js";
import { Model } from "../ir/model.js";
import { type Dim, tensorType, type ValueType } from "../ir/type.js";
import type { TrainingStep } from "./step.js";

/** Several steps in one call: a Scan over a stack of batches. */
export interface StackedSteps {
  /** The Scan, with the step as its body. */
  readonly model: Model;
  /** The names of the step's inputs, each with the name of the stack here. */
  readonly inputs: ReadonlyMap<string, string>;
  /** The names of the step's outputs, each with the name here. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** The scalar outputs of a step. */
export function watchedOutputs({ outputs }: TrainingStep): readonly string[] {
  const { loss, accuracy, gradientNorm, finite } = outputs;
  return [loss, ...(accuracy === undefined ? [] : [accuracy]), gradientNorm, finite];
}

/**
 * Makes a model of several steps: each input but the state has one more axis in front, which counts the steps, and so
 * has each scalar output. The state passes from step to step inside the runtime; its outputs are those after the last
 * step.
 */
export function stackSteps(step: TrainingStep): StackedSteps {
  const source = step.model.graph;
  const graph = new Graph("steps");
  const body = new Graph("step", graph);
  const model = new Model(graph, step.model.opsetImports, step.model.irVersion);
  const values: ValueMap = new Map();
  const state = new Set(step.state.map(({ name }) => name));
  const byName = new Map(source.inputs.map((value) => [value.name, value]));
  const carried = step.state.map(({ name }) => present(byName.get(name), "the state is an input"));
  const stacked = source.inputs.filter(({ name }) => !state.has(name));
  for (const value of [...carried, ...stacked]) {
    values.set(value, body.addInput({ name: value.name, type: present(value.type, "inputs have types") }));
  }
  appendCopy(source, body, values);
  const results = new Map(source.outputs.map((value) => [value.name, value]));
  const wanted = [...step.state.map(({ next }) => next), ...watchedOutputs(step)];
  const outputs = wanted.map((name) => present(results.get(name), "an output of the step"));
  for (const value of outputs) body.addOutput(present(values.get(value), "it was copied"));

  const feed = (value: Value, front: readonly Dim[]): Value =>
    graph.addInput({
      name: graph.freshName(`${value.name}_stack`),
      type: withFront(present(value.type, "inputs have types"), front),
    });
  const fed = [...carried.map((value) => feed(value, [])), ...stacked.map((value) => feed(value, ["steps"]))];
  const node = graph.addNode({
    opType: "Scan",
    inputs: fed,
    outputs: wanted.map((name) => graph.freshName(`${name}_stack`)),
    attributes: { body: { kind: "graph", value: body }, num_scan_inputs: BigInt(stacked.length) },
  });
  const given = outputs.map((value, index) => {
    const result = present(node.output(index), "as many outputs as names");
    const front = index < step.state.length ? [] : ["steps"];
    result.info = {
      name: result.name,
      type: withFront(present(value.type, "outputs have types"), front),
    };
    graph.addOutput(result);
    return [value.name, result.name] as const;
  });
  return {
    model,
    inputs: new Map([...carried, ...stacked].map((value, index) => [value.name, fed[index]?.name ?? ""])),
    outputs: new Map(given),
  };
}

function withFront(type: ValueType, front: readonly Dim[]): ValueType {
  if (type.kind !== "tensor") return type;
  return tensorType(type.dtype, type.shape === undefined ? undefined : [...front, ...type.shape]);
}
