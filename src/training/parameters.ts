import type { Graph, Node, Use, Value } from "../ir/graph.js";
import { type Model, TRAINING_PIN } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
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

/** Inputs of floating point that are no parameters even as constants: bounds, sizes, statistics. */
const NOT_TRAINED: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [3, 4],
  Clip: [1, 2],
  Pad: [2],
  Resize: [1, 2],
  Range: [0, 1, 2],
  Dropout: [1],
  OneHot: [2],
  QuantizeLinear: [1],
  DequantizeLinear: [1],
  SoftmaxCrossEntropyLoss: [2],
  NegativeLogLikelihoodLoss: [2],
};

/** Inputs that are parameters even with one element; elsewhere a single number is part of a formula. */
const TRAINED_SCALARS: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [1, 2],
  MatMul: [0, 1],
  BatchNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  GroupNormalization: [1, 2],
  RMSNormalization: [1],
  PRelu: [1],
  LSTM: [1, 2, 3],
  GRU: [1, 2, 3],
  RNN: [1, 2, 3],
};

const NORMALIZATION = /Normalization$/;

/** Inputs that are biases and slopes even with more than one axis. */
const BIASES: Readonly<Record<string, readonly number[]>> = { LSTM: [3], GRU: [3], RNN: [3], PRelu: [1] };

/**
 * The initializers to train: float or double, on the way to `target`, and read as a weight, a bias, a table, a scale or
 * a shift. Those whose name `freeze` accepts are left out. Throws "usage" where none is left.
 */
export function trainableParameters(
  graph: Graph,
  target: Value,
  freeze: (name: string) => boolean,
): readonly Parameter[] {
  const needed = ancestorsOf(target);
  const found: Parameter[] = [];
  for (const value of graph.initializers) {
    const { tensor } = value;
    if (tensor === undefined || !needed.has(value) || freeze(value.name)) continue;
    if (tensor.dtype !== "float" && tensor.dtype !== "double") continue;
    if ([...value.uses].some((use) => use.kind !== "node" || !isTrained(use.node, use.index, tensor)))
      continue;
    found.push({ value, tensor, decays: decays(value, tensor) });
  }
  if (found.length === 0) throw errors.nothingToTrain();
  return found;
}

function isTrained(node: Node, index: number, tensor: Tensor): boolean {
  if (NOT_TRAINED[node.opType]?.includes(index) === true) return false;
  return tensor.size > 1 || TRAINED_SCALARS[node.opType]?.includes(index) === true;
}

function decays(value: Value, { dims }: Tensor): boolean {
  const isWeight = (use: Use): boolean =>
    use.kind !== "node" ||
    !(NORMALIZATION.test(use.node.opType) || BIASES[use.node.opType]?.includes(use.index));
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
