import { fitsRange } from "../affine/scale-tensor.js";
import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { Builder } from "../ir/builder.js";
import { cloneModel } from "../ir/clone.js";
import { type FloatDType, isFloat, unitOf } from "../ir/dtype.js";
import { canReplace, type Graph, type Node, type Value } from "../ir/graph.js";
import { keepInputs, raisedFrom } from "../ir/ir-version.js";
import type { Model } from "../ir/model.js";
import { tensorFromNumbers } from "../ir/tensor.js";
import { assertValid } from "../ir/verify.js";
import { constantTensor } from "../rules/constants.js";
import type { Facts } from "../rules/facts.js";
import { type DecomposedForm, readDecomposed } from "./decomposed.js";
import { removeDropout } from "./dropout.js";
import { prune, removeUnusedConstants, substitute, withdrawOutputs } from "./edit.js";
import { emitNormalization } from "./emit-normalization.js";
import { errors } from "./errors.js";
import { nodeBehind } from "./neighbours.js";
import { constantBehind } from "./own-constants.js";
import { channelMapOf, readRowNormalization, unwrapRows } from "./row-normalization.js";
import {
  isTrainingForm,
  type ValueNormalization,
  writeOutValueNormalizations,
} from "./value-normalization.js";

/** What freezing did. Plain data. */
export interface FreezeReport {
  /** The normalizations that were in training form. */
  readonly frozen: readonly {
    /** The node's name, or a stand-in made from a name of its values where it has none. */
    readonly name: string;
    /** decomposed: it was written in plain operators. */
    readonly form: "training" | "decomposed";
  }[];
  /**
   * The normalizations that were removed because they left every value as it was, up to the rounding of their own
   * parameters.
   */
  readonly neutral: readonly string[];
  /** The outputs of the model that were removed: updated running statistics. */
  readonly outputs: readonly string[];
  /** The IR version that the result was raised to; undefined where it stayed. */
  readonly raisedIrVersion: number | undefined;
  /** Those that normalized a value by its own statistics, and are InstanceNormalizations now: they have no stored statistics. */
  readonly operators: readonly ValueNormalization[];
  /** Those of `frozen` whose stored statistics are those of a new layer, 0 and 1, which nobody seems to have measured. */
  readonly unmeasured: readonly string[];
  /** How many Dropout nodes were removed. */
  readonly dropouts: number;
}

/** A model in inference form, and the report. */
export interface FreezeResult {
  /** A changed copy of the model that was given. */
  readonly model: Model;
  /** What was done. */
  readonly report: FreezeReport;
}

/**
 * Gives the inference form of a model, in a copy: every BatchNormalization normalizes with its stored running
 * statistics, which become constants; the outputs with updated statistics and Dropout are removed. Throws "unsupported"
 * where a statistic is computed, and where something but an output of the model reads an updated one.
 */
export function freeze(model: Model): FreezeResult {
  const copy = cloneModel(model);
  const before = copy.graph.outputs.map((value) => value.name);
  const dropouts = removeDropout(copy.graph);
  const operators = writeOutValueNormalizations(copy);
  const facts = createFacts(copy);
  const frozen: FreezeReport["frozen"][number][] = [];
  const neutral: string[] = [];
  const unmeasured: string[] = [];
  for (const graph of copy.graph.withSubgraphs()) {
    for (const node of [...graph.nodes()]) {
      if (node.graph === undefined) continue;
      const form = node.is("Div") ? readDecomposed(node, facts) : undefined;
      if (form !== undefined) frozen.push({ name: freezeDecomposed(graph, form, facts), form: "decomposed" });
      if (!node.is("BatchNormalization") || facts.isCall(node)) continue;
      const name = node.name || node.key;
      if (isTrainingForm(node, facts.opset(node) ?? 0)) {
        if (isUnmeasured(node)) unmeasured.push(name);
        freezeNormalization(graph, node, facts);
        frozen.push({ name, form: "training" });
      }
    }
    for (const node of [...graph.nodes()]) {
      if (!node.is("BatchNormalization") || facts.isCall(node)) continue;
      if (dropNeutral(graph, node, facts)) neutral.push(node.name || node.key);
      else unwrapRows(graph, node, facts);
    }
    removeUnusedConstants(graph);
  }
  keepInputs(copy);
  assertValid(copy);
  const raisedIrVersion = raisedFrom(model, copy);
  const after = new Set(copy.graph.outputs.map((value) => value.name));
  const outputs = before.filter((name) => !after.has(name));
  return {
    model: copy,
    report: { frozen, neutral, operators, unmeasured, outputs, dropouts, raisedIrVersion },
  };
}

/** The statistics with which exporters and libraries begin: a mean of 0 and a variance of 1. */
function isUnmeasured(node: Node): boolean {
  const [mean, variance] = [3, 4].map((index) => constantBehind(node.input(index))?.tensor?.toFloat64());
  return mean?.every((number) => number === 0) === true && variance?.every((number) => number === 1) === true;
}

/**
 * Gives one BatchNormalization in training form the inference form. Throws "unsupported" as freeze does.
 */
export function freezeNormalization(graph: Graph, node: Node, facts: Facts): void {
  for (const index of [1, 2, 3, 4]) makeConstant(node.input(index), node);
  withdraw(
    graph,
    node.outputs.slice(1).flatMap((value) => value ?? []),
    node.label,
  );
  const kept = [...node.attributes.values()].filter(
    ({ name }) => name !== "training_mode" && name !== "is_test",
  );
  const old = present(node.output(0), "a normalization has an output");
  const { opType, domain, name, docString, metadata } = node;
  const inference = graph.addNode(
    {
      opType,
      domain,
      name,
      docString,
      metadata,
      inputs: inputsOfOneType(graph, node),
      outputs: [graph.freshName(`${old.name}_frozen`)],
      attributes: kept,
    },
    node,
  );
  if ((facts.opset(node) ?? 0) < 7) inference.set({ name: "is_test", kind: "int", value: 1n });
  substitute(old, present(inference.output(0), "one output"));
  graph.removeNode(node);
}

/**
 * The inputs, with float statistics beside float16 parameters in the parameters' type where it can hold them:
 * onnxruntime 1.30 fuses inference forms with the layer before, and then refuses a model in which the types differ.
 */
function inputsOfOneType(graph: Graph, node: Node): (Value | null)[] {
  const dtype = constantTensor(node.input(1))?.dtype;
  const build = new Builder(graph, { before: node });
  return node.inputs.map((value, index) => {
    const tensor = index < 3 || value === null ? undefined : constantTensor(value);
    if (tensor === undefined || dtype === undefined || !isFloat(dtype) || tensor.dtype === dtype)
      return value;
    const numbers = tensor.toFloat64();
    if (!fitsRange(dtype, numbers)) return value;
    return build.constant(tensorFromNumbers(dtype, tensor.dims, numbers), value?.name);
  });
}

/** Makes a constant of an input's default, which callers could override. A computed value cannot become one. */
function makeConstant(value: Value | undefined, node: Node): void {
  if (value === undefined || constantTensor(value) !== undefined) return;
  if (value.tensor !== undefined && value.isGraphInput && !value.isPinned) {
    value.graph.freezeInput(value);
    return;
  }
  throw errors.statisticIsNotStored(value.name).at({ element: node.label });
}

function withdraw(graph: Graph, statistics: readonly Value[], label: string): void {
  withdrawOutputs(graph, new Set(statistics));
  const read = statistics.find((value) => value.uses.size > 0);
  if (read !== undefined) {
    const reader = read.users[0]?.label ?? "an annotation";
    throw errors.updatedStatisticIsRead(read.name, reader).at({ element: label });
  }
}

function freezeDecomposed(graph: Graph, form: DecomposedForm, facts: Facts): string {
  const { x, output, axis, rank, parameters, epsilon, running } = form;
  const [scale] = parameters;
  const name = scale.name.replace(/_bn_scale(_\d+)?$/, "");
  const updates = running.flatMap((value) => value.producer ?? []);
  withdraw(graph, running, name);
  for (const node of updates) prune(node);
  const dtype = floatOf(scale);
  const placed = emitNormalization(x, axis === rank - 1 && rank > 2 ? -1 : 1, facts.shape(x), nodeBehind(x), {
    base: name,
    parameters,
    channels: scale.tensor?.size ?? 0,
    dtype,
    opset: (output.producer && facts.opset(output.producer)) ?? 0,
    epsilon: Math.fround(epsilon),
    momentum: Math.fround(0.9),
    form: "inference",
  });
  const last = present(output.producer, "a node gives it");
  substitute(output, placed.output);
  prune(last);
  return name;
}

function floatOf(value: Value): FloatDType {
  const dtype = value.tensor?.dtype;
  return dtype !== undefined && isFloat(dtype) ? dtype : "float";
}

/** Removes a normalization whose scale is 1 and whose shift is 0, up to the rounding of its parameters. */
function dropNeutral(graph: Graph, node: Node, facts: Facts): boolean {
  const map = channelMapOf(node);
  const rows = readRowNormalization(node, facts);
  const [from, to] = rows === undefined ? [node.output(0), node.input(0)] : [rows.result, rows.whole];
  const dtype = constantTensor(node.input(1))?.dtype;
  if (!map || !from || !to || !dtype || !isFloat(dtype)) return false;
  const unit = unitOf(dtype);
  const same = map.scale.every((slope, c) => {
    return (
      Math.abs(slope - 1) <= unit && Math.abs(map.shift[c] ?? NaN) <= unit * Math.abs(map.mean[c] ?? NaN)
    );
  });
  if (!same || !canReplace(from, to)) return false;
  graph.replaceUses(from, to);
  prune(rows?.back ?? node);
  return true;
}
