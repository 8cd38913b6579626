import type { Graph, Node, Use, Value } from "../ir/graph.js";
import { type Model, TRAINING_PIN } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { declarationOf, hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import type { ParameterInputs } from "../rules/operator.js";
import { errors } from "./errors.js";

/** A constant that training changes. */
export interface Parameter {
  /** The initializer, or the input that takes its place in the step. */
  readonly value: Value;
  /** Its stored numbers. */
  readonly tensor: Tensor;
  /** False for biases and for the scale and shift of normalizations, which weight decay does not apply to. */
  readonly decays: boolean;
}

/**
 * The initializers to train: float or double, on the way to `target`, and read as a weight, a bias, a table, a scale or
 * a shift. Those whose name `freeze` accepts are left out. Throws "usage" where none is left.
 */
export function trainableParameters(
  graph: Graph,
  target: Value,
  facts: Facts,
  freeze: (name: string) => boolean,
): readonly Parameter[] {
  const needed = ancestorsOf(target);
  const found: Parameter[] = [];
  for (const value of graph.initializers) {
    const { tensor } = value;
    if (tensor === undefined || !needed.has(value) || freeze(value.name)) continue;
    if (tensor.dtype !== "float" && tensor.dtype !== "double") continue;
    if ([...value.uses].some((use) => !isTrained(use, tensor, facts))) continue;
    found.push({ value, tensor, decays: decays(value, tensor, facts) });
  }
  if (found.length === 0) throw errors.nothingToTrain();
  return found;
}

/** The inputs that training changes of the operator that reads a value. */
function parametersOf(node: Node, facts: Facts): ParameterInputs | undefined {
  return facts.isCall(node) ? undefined : declarationOf(node)?.parameters;
}

function isTrained(use: Use, tensor: Tensor, facts: Facts): boolean {
  if (use.kind !== "node") return false;
  const { trained, fixed } = parametersOf(use.node, facts) ?? {};
  if (fixed?.includes(use.index) === true) return false;
  return tensor.size > 1 || trained?.includes(use.index) === true;
}

function decays(value: Value, { dims }: Tensor, facts: Facts): boolean {
  const isWeight = (use: Use): boolean => {
    if (use.kind !== "node" || facts.isCall(use.node)) return true;
    return (
      !hasTrait(use.node, "normalizes") && parametersOf(use.node, facts)?.biases?.includes(use.index) !== true
    );
  };
  return dims.length > 1 && [...value.uses].every(isWeight);
}

function ancestorsOf(target: Value): ReadonlySet<Value> {
  const seen = new Set<Value>([target]);
  for (const value of seen) {
    const { producer } = value;
    if (producer === undefined) continue;
    for (const input of producer.inputs) if (input !== null) seen.add(input);
    for (const body of producer.subgraphs) {
      for (const inner of body.withSubgraphs()) {
        for (const node of inner.nodes())
          for (const input of node.inputs) if (input !== null) seen.add(input);
        for (const output of inner.outputs) seen.add(output);
      }
    }
  }
  return seen;
}

/** Removes a model's training_info, because it refers to parameters that another training replaces. */
export function dropTrainingInfo(model: Model): void {
  model.trainingInfo = [];
  const { graph } = model;
  const outputs = [...graph.nodes()].flatMap((node) => [...node.outputs]);
  for (const value of [...graph.inputs, ...graph.initializers, ...outputs]) {
    for (const use of [...(value?.uses ?? [])])
      if (use.kind === "pin" && use.reason === TRAINING_PIN) value?.removeUse(use);
  }
}

/** Makes an input of an initializer, under its name and in its type. */
export function becomeInput(graph: Graph, value: Value, tensor: Tensor): Value {
  const { name } = value;
  const input = graph.addInput({ name: graph.freshName(name), type: tensorType(tensor.dtype, tensor.dims) });
  for (const use of [...value.uses]) if (use.kind === "node") use.node.setInput(use.index, input);
  if (value.isGraphInput) graph.removeInput(value);
  else graph.removeInitializer(value);
  input.rename(name);
  return input;
}
