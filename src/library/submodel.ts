import { createFacts } from "../analysis/fact-table.js";
import { cloneModel } from "../ir/clone.js";
import type { Graph, Value, ValueInfo } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { isRemoved, pruneUnread } from "../ir/prune.js";
import type { Dim, ValueType } from "../ir/type.js";
import { valuesByName } from "../ir/values-by-name.js";
import type { CUT } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import type { Facts } from "../rules/facts.js";
import { declaredDim } from "../rules/model-dims.js";
import { errors } from "./errors.js";

/** The values at which a model is cut. */
export interface SubmodelBorders extends OptionsOf<typeof CUT> {}

/**
 * The part of a model between some of its values, as a model of its own. Inputs that the part does not need go unless they
 * are asked for. Throws NormfoldError "usage" for a name that is no value, or when the outputs need more than the inputs
 * that were named; "unsupported" where the type of a new border is not known.
 */
export function extractSubmodel(model: Model, borders: SubmodelBorders): Model {
  if (model.trainingInfo.length > 0) {
    throw errors.partCannotKeepTrainingInfo();
  }
  const copy = cloneModel(model);
  const { graph } = copy;
  const facts = createFacts(copy);
  const values = valuesByName(graph);
  const find = (name: string): Value => {
    const value = values.get(name);
    if (value === undefined) throw errors.unknownValue(name);
    return value;
  };
  const unique = (names: readonly string[], what: "input" | "output"): readonly Value[] => {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw errors.borderIsNamedTwice(what, twice);
    if (names.length === 0) throw errors.bordersAreEmpty(what);
    return names.map(find);
  };
  const outputs = borders.outputs === undefined ? graph.outputs : unique(borders.outputs, "output");
  const cuts = borders.inputs === undefined ? [] : unique(borders.inputs, "input");
  // Types are asked for before the first edit: they are inferred from the nodes before the borders.
  const outputInfo = outputs.map((value) => borderInfo(value, facts));
  const inputInfo = cuts.map((value) => borderInfo(value, facts));
  const inputs = new Map<Value, Value>();
  cuts.forEach((value, index) => {
    const info = inputInfo[index];
    if (info !== undefined) inputs.set(value, replaceByInput(graph, value, info));
  });
  graph.setOutputs(outputs.map((value) => inputs.get(value) ?? value));
  outputs.forEach((value, index) => {
    if (!inputs.has(value)) value.info = outputInfo[index];
  });
  pruneUnread(graph);
  const kept = new Set(inputs.values());
  for (const input of graph.inputs) {
    if (kept.has(input)) continue;
    if (input.uses.size === 0) graph.removeInput(input);
    else if (borders.inputs !== undefined && input.tensor === undefined && input.sparse === undefined) {
      const names = outputs.map(({ name }) => `"${name}"`).join(", ");
      throw errors.outputsNeedAnotherInput(names, input.name);
    }
  }
  for (const [value, input] of inputs) giveName(graph, value, input);
  return copy;
}

/** Every use of `value` becomes a use of a new input, which takes its name at the end, when it is free. */
function replaceByInput(graph: Graph, value: Value, info: ValueInfo): Value {
  const input = graph.addInput({ name: graph.freshName(value.name), ...(info.type && { type: info.type }) });
  for (const use of [...value.uses]) {
    if (use.kind === "node") use.node.setInput(use.index, input);
    else if (use.kind === "output") use.graph.setOutput(use.index, input);
  }
  if (value.isGraphInput && value.tensor !== undefined) graph.setDefault(input, value.tensor);
  return input;
}

function giveName(graph: Graph, value: Value, input: Value): void {
  const { name } = value;
  if (input.name === name) return;
  // The value is still there where its node has another output that is read.
  if (!isRemoved(graph, value)) value.rename(graph.freshName(`${name}_cut`));
  input.rename(name);
}

function borderInfo(value: Value, facts: Facts): ValueInfo {
  const type = borderType(value, facts);
  if (type === undefined) {
    throw errors.borderTypeIsUnknown().at({ element: value.name });
  }
  return { name: value.name, type };
}

/** The type to declare for a value that becomes an input or output of its model; undefined where it is not known. */
export function borderType(value: Value, facts: Facts): ValueType | undefined {
  const declared = value.type;
  if (declared?.kind === "tensor" && declared.shape !== undefined) return declared;
  return typeFrom(facts.typeOf(value), declared);
}

function typeFrom(
  known: ReturnType<Facts["typeOf"]>,
  declared: ValueType | undefined,
): ValueType | undefined {
  if (known?.kind !== "tensor" || known.dtype === undefined) return declared;
  const shape = known.shape?.map((dim): Dim => declaredDim(dim));
  return { kind: "tensor", dtype: known.dtype, shape };
}
