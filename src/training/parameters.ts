import type { Graph, Node, Use, Value } from "../ir/graph.js";
import { type Model, TRAINING_PIN } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { errors } from "./errors.js";

/** A constant that training changes. */
export interface Parameter {
  readonly value: Value;
  readonly tensor: Tensor;
  /** False for biases and for the scale and shift of normalizations: weight decay pulls them nowhere useful. */
  readonly decays: boolean;
}

/** Inputs that are no parameters although they are constants of floating point: bounds, sizes, statistics. */
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

/** Inputs of one element that are parameters all the same; elsewhere a single number is part of a formula. */
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

/** Inputs of more than one axis that are biases and slopes all the same. */
const BIASES: Readonly<Record<string, readonly number[]>> = { LSTM: [3], GRU: [3], RNN: [3], PRelu: [1] };

/**
 * The initializers to train: of floating point, read as a weight, a bias, a table, a scale or a shift, and on the way
 * to `target`. `freeze` says which names stay as they are. Throws "usage" when none is left.
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

/**
 * Takes a training_info that the model brings out of it: it would hold on to the parameters that another training
 * moves.
 */
export function dropTrainingInfo(model: Model): void {
  model.trainingInfo = [];
  const { graph } = model;
  const outputs = [...graph.nodes()].flatMap((node) => [...node.outputs]);
  for (const value of [...graph.inputs, ...graph.initializers, ...outputs]) {
    for (const use of [...(value?.uses ?? [])])
      if (use.kind === "pin" && use.reason === TRAINING_PIN) value?.removeUse(use);
  }
}

/** An initializer as an input of the graph, under its name and in its type. */
export function becomeInput(graph: Graph, value: Value, tensor: Tensor): Value {
  const { name } = value;
  const input = graph.addInput({ name: graph.freshName(name), type: tensorType(tensor.dtype, tensor.dims) });
  for (const use of [...value.uses]) if (use.kind === "node") use.node.setInput(use.index, input);
  if (value.isGraphInput) graph.removeInput(value);
  else graph.removeInitializer(value);
  input.rename(name);
  return input;
}
