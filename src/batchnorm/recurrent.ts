import { present } from "../base/assert.js";
import { isRefusal, type Refusal } from "../base/refusal.js";
import { Builder } from "../ir/builder.js";
import { type FloatDType, isFloat } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor, requireConstant } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { baseName } from "./emit-normalization.js";
import { refusals } from "./refusals.js";
import { deselected } from "./selection.js";
import { type PassedOver, passOver, type Site, type SiteOptions } from "./site.js";

/** The rows of the gates of one direction, for each hidden unit. */
const GATES: Readonly<Record<string, number>> = { LSTM: 4, GRU: 3, RNN: 1 };

/** An LSTM, GRU or RNN whose input term can become a product of its own. */
export interface RecurrentLayer {
  readonly node: Node;
  readonly name: string;
  /** In the body of an If, Loop or Scan. */
  readonly inBody: boolean;
  readonly input: Value;
  /** W, [directions, gates * hidden, input]. */
  readonly weight: Tensor;
  readonly dtype: FloatDType;
  readonly directions: number;
  /** gates * hidden */
  readonly rows: number;
  readonly features: number;
}

export interface FoundRecurrent {
  readonly layers: readonly RecurrentLayer[];
  readonly passedOver: readonly PassedOver[];
}

/** The recurrent layers whose input term can be normalized, and why others cannot. The model is not changed. */
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
  // Earlier forms name their outputs by an attribute.
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
  if (rows % (GATES[node.opType] ?? 1) !== 0) return refusals.recurrentWeightHasPartOfGate(rows);
  if (isSelection(weight, directions * rows, features)) return refusals.recurrentInputTermIsSplitAlready();
  const inBody = node.graph?.owner !== undefined;
  return { node, inBody, name: nameOf(node), input, weight, dtype, directions, rows, features };
}

/** Row r of all picks feature r, as splitRecurrent writes it. */
function isSelection(weight: Tensor, channels: number, features: number): boolean {
  if (channels !== features) return false;
  return weight.toFloat64().every((value, i) => value === (i % (features + 1) === 0 ? 1 : 0));
}

/**
 * Writes W x, the input term of all gates and directions, as a MatMul of its own, plus its bias; the recurrent node keeps a W that
 * picks each its part. The function stays. Gives the sum as a place for a normalization, along the last of [T, N, channels]:
 * statistics over time and batch (Amodei et al. 2015, Deep Speech 2, section 3.2, sequence-wise).
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

/** The columns of [rows, columns] as rows. */
function transposed(weight: Tensor, rows: number, columns: number): Float64Array {
  const values = weight.toFloat64();
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? NaN);
}

/** The input half of B, [directions, 2 * rows], which becomes 0 there; undefined where it is 0 already or cannot be had. */
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
 * W of [directions, rows, directions * rows] with one 1 in each row. The output of a Constant node, which training leaves as it is,
 * where an initializer would be a parameter.
 */
function selection({ dtype, directions, rows }: RecurrentLayer, build: Builder): Value {
  const channels = directions * rows;
  const values = new Float64Array(channels * channels);
  for (let row = 0; row < channels; row++) values[row * channels + row] = 1;
  const value = tensorFromNumbers(dtype, [directions, rows, channels], values);
  return build.op("Constant", [], { value }, `${build.prefix}selection`);
}
