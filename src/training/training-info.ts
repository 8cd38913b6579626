import { present } from "../base/assert.js";
import { concatBytes, memorySource, readRange } from "../base/bytes.js";
import { raiseForGradients } from "../gradient/raise-for-gradients.js";
import { appendCopy, cloneModel, type ValueMap } from "../ir/clone.js";
import { Graph, type Node, type Value } from "../ir/graph.js";
import { type Model, TRAINING_PIN } from "../ir/model.js";
import { pruneUnread } from "../ir/prune.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { valuesByName } from "../ir/values-by-name.js";
import { decodeModel } from "../proto/decode.js";
import { encodeToBytes } from "../proto/encode.js";
import { rawFields } from "../proto/raw-fields.js";
import { ENTRY, GRAPH, MODEL, TRAINING } from "../proto/schema.js";
import { Sink } from "../proto/sink.js";
import { Cursor } from "../proto/wire.js";
import { writeGraph } from "../proto/write-graph.js";
import { errors } from "./errors.js";
import { becomeInput } from "./parameters.js";
import { buildTrainingStep, type TrainingStep, type TrainingStepOptions } from "./step.js";
import { assertHyperparameters } from "./train-options.js";

/** The step to write as training_info. */
export interface TrainingInfoOptions extends Omit<TrainingStepOptions, "guarded" | "withDecay" | "probes"> {
  /** The learning rate, above 0. */
  readonly learningRate: number;
  /** For the optimizers momentum and nesterov, from 0 to below 1. Default 0.9. */
  readonly momentum?: number;
  /** The weight decay, from 0 on. Default 0. */
  readonly weightDecay?: number;
}

/** The IR version that brought TrainingInfoProto. */
const LEAST_IR = 7;

/**
 * Adds a step of training to a copy of the model, as ONNX's training_info: the model's graph stays the one for
 * inference, and the algorithm graph, which runs behind it, takes a batch and its labels and computes the new
 * parameters. Parameters and moving averages are bound by name to their initializers; learning rate, momentum, weight
 * decay and the tensors of the optimizer are initializers of the algorithm. It reads the nodes of the forward pass that
 * training does not change, up to the first BatchNormalization, from the model's graph. Give the inference form; a
 * model below opset 18 is raised to it.
 *
 * Throws as buildTrainingStep does, and "usage" for a learning rate, momentum or weight decay that makes no sense.
 */
export function withTrainingInfo(model: Model, options: TrainingInfoOptions): Model {
  assertHyperparameters(options);
  const inference = cloneModel(model);
  raiseForGradients(inference);
  inference.irVersion = Math.max(inference.irVersion, LEAST_IR);
  const step = buildTrainingStep(inference, options);
  // The algorithm graph captures values of the model's graph, as a body does. Here the model's graph is a copy.
  const host = cloneModel(inference).graph;
  const algorithm = new Graph("training", host);
  const bindings = buildAlgorithm(step, host, algorithm, options);
  const sink = new Sink();
  writeGraph(sink, TRAINING.algorithm, algorithm, { placed: new Map(), embed: true });
  for (const [key, value] of bindings) {
    sink.nested(TRAINING.updateBinding, () => {
      sink.text(ENTRY.key, key);
      sink.text(ENTRY.value, value);
    });
  }
  inference.trainingInfo = [...inference.trainingInfo, { wire: bytesOf(sink) }];
  const named = namesRead(algorithm, host);
  for (const key of bindings.keys()) named.add(key);
  for (const [name, value] of valuesByName(inference.graph)) {
    if (named.has(name)) value.addUse({ kind: "pin", reason: TRAINING_PIN });
  }
  return inference;
}

/** Fills the algorithm graph, and gives its outputs by the initializers that they update. */
function buildAlgorithm(
  step: TrainingStep,
  host: Graph,
  algorithm: Graph,
  { learningRate, momentum = 0.9, weightDecay = 0 }: TrainingInfoOptions,
): ReadonlyMap<string, string> {
  const { graph } = step.model;
  const known = valuesByName(host);
  const own = valuesByName(graph);
  const values: ValueMap = new Map();
  const setTo = (name: string, tensor: Tensor): void => {
    const value = own.get(name);
    if (value !== undefined) values.set(value, algorithm.addInitializer(name, tensor));
  };
  for (const { name, kind, initial } of step.state) {
    const value = own.get(name);
    const shared = kind === "parameter" || kind === "statistic" ? known.get(name) : undefined;
    if (value !== undefined && shared !== undefined) values.set(value, shared);
    else setTo(name, initial);
  }
  const hyper: readonly [string | undefined, number][] = [
    [step.hyperparameters.learningRate, learningRate],
    [step.hyperparameters.momentum, momentum],
    [step.hyperparameters.weightDecay, weightDecay],
  ];
  for (const [name, number] of hyper) {
    const type = name === undefined ? undefined : own.get(name)?.type;
    if (name !== undefined && type?.kind === "tensor")
      setTo(name, tensorFromNumbers(type.dtype, [], [number]));
  }
  for (const value of graph.inputs) {
    if (values.has(value)) continue;
    values.set(value, known.get(value.name) ?? algorithm.addInput({ ...value.info, name: value.name }));
  }
  for (const value of graph.initializers) {
    const shared = known.get(value.name);
    if (shared?.tensor !== undefined && shared.tensor === value.tensor) values.set(value, shared);
  }
  renameTaken(graph, host, values);
  appendCopy(graph, algorithm, values);
  const copyOf = (value: Value | undefined): Value =>
    present(value && values.get(value), "the algorithm graph has every value of the step");
  for (const output of graph.outputs) algorithm.addOutput(copyOf(output));
  shareForward(own, known, values, algorithm);
  pruneUnread(algorithm);
  // Runtimes require unique names of nodes too.
  for (const inner of algorithm.withSubgraphs())
    for (const node of inner.nodes()) if (node.name) node.name = `training/${node.name}`;
  return new Map(step.state.map(({ name, next }) => [name, copyOf(own.get(next)).name]));
}

/** Renames values whose name the model's graph uses, because the combination of both graphs has one namespace. */
function renameTaken(graph: Graph, host: Graph, shared: ValueMap): void {
  const isTaken = (name: string): boolean => host.scope.isTaken(name);
  for (const inner of graph.withSubgraphs()) {
    const outputs = [...inner.nodes()].flatMap((node) => [...node.outputs]);
    for (const value of new Set([...inner.inputs, ...inner.initializers, ...outputs])) {
      if (value === null || shared.has(value) || !isTaken(value.name)) continue;
      let name = `training/${value.name}`;
      while (isTaken(name) || graph.scope.isTaken(name)) name = `${name}_`;
      value.rename(name);
    }
  }
}

/** Lets the algorithm read values that the model's graph already computes. */
function shareForward(
  own: ReadonlyMap<string, Value>,
  known: ReadonlyMap<string, Value>,
  values: ValueMap,
  algorithm: Graph,
): void {
  // The map is in the order of the nodes, so that inputs come before their readers.
  for (const [name, value] of own) {
    const before = known.get(name)?.producer;
    const copy = values.get(value)?.producer;
    if (before === undefined || copy === undefined || copy.graph !== algorithm) continue;
    if (!isSame(before, copy)) continue;
    copy.outputs.forEach((output, index) => {
      const twin = before.output(index);
      if (output !== null && twin !== undefined && !output.isGraphOutput) algorithm.replaceUses(output, twin);
    });
  }
}

/**
 * Whether two nodes are copies of one. Copies share their attributes; nodes with bodies do not, and count as different.
 */
function isSame(a: Node, b: Node): boolean {
  return (
    a.opType === b.opType &&
    a.domain === b.domain &&
    a.outputs.length === b.outputs.length &&
    a.inputs.length === b.inputs.length &&
    a.inputs.every((value, index) => value === b.inputs[index]) &&
    a.attributes.size === b.attributes.size &&
    [...a.attributes].every(([name, attr]) => b.attribute(name) === attr)
  );
}

function namesRead(algorithm: Graph, host: Graph): Set<string> {
  const names = new Set<string>();
  const read = (value: Value | null): void => {
    if (value?.graph === host) names.add(value.name);
  };
  for (const graph of algorithm.withSubgraphs()) {
    graph.outputs.forEach(read);
    for (const node of graph.nodes()) node.inputs.forEach(read);
  }
  return names;
}

function bytesOf(sink: Sink): Uint8Array {
  return concatBytes(
    sink.pieces().map((piece) => {
      if (piece instanceof Uint8Array) return piece;
      return "compute" in piece ? piece.compute() : readRange(piece);
    }),
  );
}

/** A model's training_info as a model that runs. */
export interface TrainingModel {
  /**
   * The model's graph with the algorithm behind it. Initializers that training changes are inputs; the outputs of the
   * algorithm follow those of the model.
   */
  readonly model: Model;
  /** The tensors that a step takes as inputs and gives back changed. */
  readonly state: readonly {
    /** The input. */
    readonly name: string;
    /** The output that holds it after the step. */
    readonly next: string;
    /** The stored value. */
    readonly initial: Tensor;
  }[];
}

/**
 * Appends a training_info of a model, by default its first, to the model's graph, as ONNX's specification combines
 * them. Where it is written in preview operators, lowerPreviewTraining replaces them by standard ones.
 *
 * Throws NormfoldError "usage" where there is no such training_info (`index` counts from 0), "invalid" where it does
 * not fit the model.
 */
export function trainingModel(model: Model, index = 0): TrainingModel {
  const info = model.trainingInfo[index];
  if (info === undefined) {
    const count = model.trainingInfo.length;
    throw count === 0 ? errors.modelHasNoTrainingInfo() : errors.noSuchTrainingInfo(count, index);
  }
  const bindings = new Map<string, string>();
  const algorithm: Uint8Array[] = [];
  for (const [field, raw] of rawFields(info.wire)) {
    if (field === TRAINING.algorithm) algorithm.push(messageIn(raw));
    else if (field === TRAINING.updateBinding) bindings.set(...entryIn(messageIn(raw)));
  }
  const plain = cloneModel(model);
  plain.trainingInfo = [];
  const combined = decodeModel(memorySource(appended(encodeToBytes(plain), concatBytes(algorithm))));
  combined.irVersion = Math.max(combined.irVersion, LEAST_IR);
  const { graph } = combined;
  const names = valuesByName(graph);
  const state = [...bindings].map(([key, next]) => {
    const value = names.get(key);
    const tensor = value?.tensor;
    if (value === undefined || tensor === undefined || !graph.outputs.some(({ name }) => name === next)) {
      throw errors.trainingBindingIsUnknown(key, next);
    }
    becomeInput(graph, value, tensor);
    return { name: key, next, initial: tensor };
  });
  return { model: combined, state };
}

/** Appends the fields of a graph to a model's graph: concatenated protobuf messages are merged. */
function appended(model: Uint8Array, graph: Uint8Array): Uint8Array {
  const sink = new Sink();
  for (const [field, raw] of rawFields(model)) {
    if (field !== MODEL.graph) {
      sink.raw(raw);
      continue;
    }
    const message = new Sink();
    for (const [, part] of rawFields(messageIn(raw))) message.raw(part);
    for (const [inner, part] of rawFields(graph))
      if (inner !== GRAPH.name && inner !== GRAPH.docString) message.raw(part);
    sink.message(MODEL.graph, message);
  }
  return bytesOf(sink);
}

/** The content of a field, behind its tag and length. */
function messageIn(raw: Uint8Array): Uint8Array {
  const cursor = cursorOn(raw);
  cursor.next();
  return cursor.bytes();
}

const utf8 = new TextDecoder();

function entryIn(message: Uint8Array): [key: string, value: string] {
  let [key, value] = ["", ""];
  for (const [field, raw] of rawFields(message)) {
    if (field === ENTRY.key) key = utf8.decode(messageIn(raw));
    else if (field === ENTRY.value) value = utf8.decode(messageIn(raw));
  }
  return [key, value];
}

function cursorOn(bytes: Uint8Array): Cursor {
  return new Cursor({ source: memorySource(bytes), offset: 0, length: bytes.length });
}
