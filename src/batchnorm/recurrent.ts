import { present } from "../base/assert.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import { Builder } from "../ir/builder.js";
import { type FloatDType, isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { declarationOf, hasTrait } from "../ops/catalogue.js";
import { constantTensor, requireConstant } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { baseName } from "./emit-normalization.js";
import { refusals } from "./refusals.js";
import { deselected } from "./selection.js";
import { type PassedOver, passOver, type Site, type SiteOptions } from "./site.js";

/** An LSTM, GRU or RNN whose input term can become a product of its own. */
export interface RecurrentLayer {
  /** The LSTM, GRU or RNN. */
  readonly node: Node;
  /** Names it in reports. */
  readonly name: string;
  /** True in the body of an If, Loop or Scan. */
  readonly inBody: boolean;
  /** [steps, batch, input] */
  readonly input: Value;
  /** W, [directions, gates * hidden, input]. */
  readonly weight: Tensor;
  /** The type of W. */
  readonly dtype: FloatDType;
  /** 1, or 2 for a bidirectional layer. */
  readonly directions: number;
  /** gates * hidden */
  readonly rows: number;
  /** The size of the input along its last axis. */
  readonly features: number;
}

/** The recurrent layers of a model. */
export interface FoundRecurrent {
  /** The layers whose input term can be normalized. */
  readonly layers: readonly RecurrentLayer[];
  /** The others, and why. */
  readonly passedOver: readonly PassedOver[];
}

/** Finds the recurrent layers whose input term can be normalized. The model is not changed. */
export function findRecurrent(model: Model, options: SiteOptions, facts: Facts): FoundRecurrent {
  const layers: RecurrentLayer[] = [];
  const refused: PassedOver[] = [];
  const visit = (node: Node, outside: Refusal | undefined): void => {
    if (!hasTrait(node, "recurrent") || facts.isCall(node)) return;
    const names = [node.opType, node.name ?? "", node.key];
    const read = outside ?? deselected(names, options) ?? readRecurrent(node, facts);
    if (isRefusal(read)) refused.push(passOver(nameOf(node), node.opType, read));
    else layers.push(read);
  };
  for (const graph of model.graph.withSubgraphs()) {
    const { owner } = graph;
    const inBody = owner !== undefined && options.bodies !== true;
    for (const node of graph.nodes()) {
      visit(node, inBody ? refusals.isInBody(owner.label) : undefined);
    }
  }
  for (const { name, body } of model.functions) {
    for (const node of body.nodes()) visit(node, refusals.isInFunction(name));
  }
  return { layers, passedOver: refused };
}

function nameOf(node: Node): string {
  return node.name || node.key;
}

function readRecurrent(node: Node, facts: Facts): RecurrentLayer | Refusal {
  if (node.hasReferences) return refusals.attributeBelongsToCaller(node.label);
  // Before opset 7, an attribute says which outputs exist.
  if ((facts.opset(node) ?? 0) < 7) return refusals.recurrentFormIsOld(node.opType);
  if (node.int("layout", 0) !== 0) return refusals.recurrentLayoutIsBatchFirst();
  if (node.input(4) !== undefined) return refusals.sequencesDifferInLength();
  const input = node.input(0);
  if (input === undefined || facts.rank(input) !== 3) return refusals.recurrentInputIsNotRank3();
  const weight = requireConstant(node.input(1), "weight W");
  if (isRefusal(weight)) {
    const computed = node.input(1)?.producer !== undefined;
    return computed ? refusals.recurrentWeightIsComputed(weight.reason) : weight;
  }
  const { dtype, dims } = weight;
  const [directions, rows, features] = dims;
  if (!isFloat(dtype)) return refusals.recurrentWeightIsNotFloat(dtype);
  if (!directions || !rows || !features || dims.length !== 3 || weight.data.kind === "missing")
    return refusals.recurrentWeightHasOtherShape(dims);
  if (rows % (declarationOf(node)?.recurrence?.gates ?? 1) !== 0)
    return refusals.recurrentWeightHasPartOfGate(rows);
  if (isSelection(weight, directions * rows, features)) return refusals.recurrentInputTermIsSplitAlready();
  const inBody = node.graph?.owner !== undefined;
  return { node, inBody, name: nameOf(node), input, weight, dtype, directions, rows, features };
}

/** Whether row r of all directions together picks feature r, as splitRecurrent writes it. */
function isSelection(weight: Tensor, channels: number, features: number): boolean {
  if (channels !== features) return false;
  return weight.toFloat64().every((value, i) => value === (i % (features + 1) === 0 ? 1 : 0));
}

/**
 * Writes W x, the input term of all gates and directions, as a MatMul of its own, plus its bias; the recurrent node
 * gets a W that picks each gate its part. The model keeps its function. Gives the sum as a place for a normalization
 * along the last axis of [T, N, channels], with statistics over time and batch (sequence-wise: Amodei et al. 2015, Deep
 * Speech 2, section 3.2).
 */
export function splitRecurrent(layer: RecurrentLayer): Site {
  const { node, name, inBody, input, weight, dtype, directions, rows, features } = layer;
  const graph = present(node.graph, "it was found in a graph");
  const channels = directions * rows;
  const base = baseName(name);
  const build = new Builder(graph, { before: node, prefix: `${base}_` });
  const matrix = tensorFromNumbers(dtype, [features, channels], transposed(weight, channels, features));
  const raw = build.op("MatMul", [input, build.constant(matrix, `${base}_W`)], {}, `${base}_input_term`);
  const product = present(raw.producer, "a MatMul gives it");
  const { bias, biasKept } = takeBias(layer, build);
  const vector = bias && build.constant(tensorFromNumbers(dtype, [channels], bias), `${base}_Wb`);
  const value = vector === undefined ? raw : build.op("Add", [raw, vector], {}, `${base}_biased`);
  node.setInput(0, value);
  node.setInput(1, selection(layer, build));
  return {
    name,
    value,
    axis: -1,
    channels,
    dtype,
    layer: {
      node: product,
      raw,
      output: value,
      biasAdd: vector === undefined ? undefined : value.producer,
      bias,
      biasKept,
      axis: -1,
      channels,
      dtype,
    },
    activations: [{ node, kind: node.opType }],
    readers: [{ kind: "node", node, index: 0 }],
    exclusive: true,
    inBody,
  };
}

/** The transpose of [rows, columns], row by row. */
function transposed(weight: Tensor, rows: number, columns: number): Float64Array {
  const values = weight.toFloat64();
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? NaN);
}

/**
 * Takes the input half out of B, [directions, 2 * rows], where zeros replace it. undefined where it is 0 already, or
 * where `biasKept` says why it stays.
 */
function takeBias(
  { node, dtype, directions, rows }: RecurrentLayer,
  build: Builder,
): { readonly bias: Float64Array | undefined; readonly biasKept: Refusal | undefined } {
  const given = node.input(3);
  if (given === undefined) return { bias: undefined, biasKept: undefined };
  const old = constantTensor(given)?.toFloat64();
  if (old?.length !== directions * 2 * rows)
    return { bias: undefined, biasKept: refusals.layerBiasIsNotConstant(given.name) };
  const isInputHalf = (i: number): boolean => i % (2 * rows) < rows;
  const bias = old.filter((_, i) => isInputHalf(i));
  if (bias.every((value) => value === 0)) return { bias: undefined, biasKept: undefined };
  const rest = old.map((value, i) => (isInputHalf(i) ? 0 : value));
  node.setInput(
    3,
    build.constant(tensorFromNumbers(dtype, [directions, 2 * rows], rest), `${given.name}_Rb`),
  );
  return { bias, biasKept: undefined };
}

/**
 * W of [directions, rows, directions * rows] with one 1 in each row, as the output of a Constant node, because training
 * would take an initializer for a parameter.
 */
function selection({ dtype, directions, rows }: RecurrentLayer, build: Builder): Value {
  const channels = directions * rows;
  const values = new Float64Array(channels * channels);
  for (let row = 0; row < channels; row++) values[row * channels + row] = 1;
  const value = tensorFromNumbers(dtype, [directions, rows, channels], values);
  return build.op("Constant", [], { value }, `${build.prefix}selection`);
}
