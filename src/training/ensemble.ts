import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { Builder } from "../ir/builder.js";
import { appendCopy, cloneModel } from "../ir/clone.js";
import { Graph, isStandardDomain, type Value } from "../ir/graph.js";
import { Model, type OpsetImport } from "../ir/model.js";
import { tensorType, type ValueType } from "../ir/type.js";
import { hasTrait } from "../ops/catalogue.js";
import { raiseOpset } from "../opset/raise.js";
import { sameDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import { scalarLike } from "../rules/gradient/support.js";
import { declaredDim } from "../rules/model-dims.js";
import { errors } from "./errors.js";
import { outputNamed } from "./step.js";

/** How to join the models of an ensemble. */
export interface EnsembleOptions {
  /** The output of each model with the classes in its second dimension. Default: the first. */
  readonly output?: string;
  /** A weight for each model's probabilities, from 0 on; they are divided by their sum. Default: all alike. */
  readonly weights?: readonly number[];
}

/** From this opset on Softmax works along one axis alone. */
const LEAST_OPSET = 13;

/**
 * Builds one model whose output is the mean of the class probabilities of several (Ioffe & Szegedy 2015, section
 * 4.2.3). Inputs of the same name are shared; all other names get the prefix of their model, "model1/", "model2/", ...
 * A model that ends in logits gets a Softmax over its second dimension. Throws "usage" for fewer than two models and
 * for models that do not fit together, "unsupported" for models with functions of their own (inline them first).
 */
export function buildEnsemble(models: readonly Model[], options: EnsembleOptions = {}): Model {
  if (models.length < 2) throw errors.ensembleNeedsTwoModels();
  const { weights = models.map(() => 1) } = options;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length !== models.length || !(sum > 0) || weights.some((weight) => !(weight >= 0))) {
    throw errors.ensembleWeightsDoNotMatch(models.length);
  }
  const opset = Math.max(LEAST_OPSET, ...models.map((model) => model.opset() ?? 0));
  const members = models.map((model, index) => member(model, index, opset));
  const graph = new Graph("ensemble");
  const whole = new Model(
    graph,
    joinedImports(members),
    Math.max(...members.map(({ irVersion }) => irVersion)),
  );
  const inputs = new Map<string, Value>();
  const outputs: { readonly value: Value; readonly name: string }[] = [];
  members.forEach((model, index) => {
    const place = `model ${index + 1}`;
    const values = new Map<Value, Value>();
    for (const input of model.graph.inputs) {
      if (input.tensor === undefined) values.set(input, sharedInput(graph, inputs, input, place));
    }
    const output = outputNamed(model.graph, options.output, place);
    const renamed = prefixed(model.graph, `model${index + 1}/`, new Set(values.keys()));
    appendCopy(model.graph, graph, values);
    outputs.push({
      value: present(values.get(output), "every output was copied"),
      name: renamed.get(output) ?? output.name,
    });
  });
  graph.addOutput(
    mean(
      whole,
      outputs,
      weights.map((weight) => weight / sum),
    ),
  );
  return whole;
}

function member(model: Model, index: number, opset: number): Model {
  if (model.functions.length > 0) {
    throw errors.memberHasFunctions(`model ${index + 1}`);
  }
  const copy = cloneModel(model);
  if ((copy.opset() ?? 0) < opset) raiseOpset(copy, opset);
  // Callers of the ensemble cannot override initializers.
  for (const input of copy.graph.inputs) if (input.tensor !== undefined) copy.graph.freezeInput(input);
  return copy;
}

function joinedImports(members: readonly Model[]): readonly OpsetImport[] {
  const versions = new Map<string, OpsetImport>();
  for (const entry of members.flatMap(({ opsetImports }) => opsetImports)) {
    const domain = isStandardDomain(entry.domain) ? "" : (entry.domain ?? "");
    const known = versions.get(domain);
    if (known !== undefined && known.version !== entry.version) {
      throw errors.membersUseOtherVersions(domain, known.version, entry.version);
    }
    versions.set(domain, { domain, version: entry.version });
  }
  return [...versions.values()];
}

function sharedInput(graph: Graph, inputs: Map<string, Value>, input: Value, place: string): Value {
  const known = inputs.get(input.name);
  if (known === undefined) {
    const value = graph.addInput({ name: input.name, ...(input.type && { type: input.type }) });
    inputs.set(input.name, value);
    return value;
  }
  const type = joinedType(known.type, input.type);
  if (type !== undefined) {
    known.info = { name: known.name, type };
    return known;
  }
  throw errors.memberInputsDiffer(input.name, place);
}

/**
 * The type of an input that two models share, where they can share it: a size that one of them fixes holds for both.
 */
function joinedType(a: ValueType | undefined, b: ValueType | undefined): ValueType | undefined {
  if (a?.kind !== "tensor" || b?.kind !== "tensor" || a.dtype !== b.dtype) return undefined;
  const other = b.shape ?? a.shape;
  const shape = (a.shape ?? other)?.map((dim, axis) => (typeof dim === "number" ? dim : other?.[axis]));
  if (shape?.length !== other?.length) return undefined;
  const isSame = shape?.every((dim, axis) => typeof other?.[axis] !== "number" || dim === other[axis]);
  return isSame === false ? undefined : tensorType(a.dtype, shape);
}

/** Prefixes all names, because two models may use the same ones, and gives the old names. */
function prefixed(graph: Graph, prefix: string, shared: ReadonlySet<Value>): ReadonlyMap<Value, string> {
  const names = new Map<Value, string>();
  const rename = (value: Value): void => {
    if (shared.has(value)) return;
    names.set(value, value.name);
    value.rename(`${prefix}${value.name}`);
  };
  for (const inner of graph.withSubgraphs()) {
    for (const value of new Set([...inner.inputs, ...inner.initializers])) rename(value);
    for (const node of inner.nodes()) {
      if (node.name) node.name = `${prefix}${node.name}`;
      for (const value of node.outputs) if (value !== null) rename(value);
    }
  }
  return names;
}

function mean(
  whole: Model,
  outputs: readonly { readonly value: Value; readonly name: string }[],
  weights: readonly number[],
): Value {
  const facts = createFacts(whole);
  const build = new Builder(whole.graph, { prefix: "ensemble/" });
  const first = present(outputs[0], "an ensemble has members");
  const shape = facts.shape(first.value);
  outputs.forEach(({ value }, index) => {
    const other = facts.shape(value);
    const fits =
      shape === undefined ||
      other === undefined ||
      (shape.length === other.length && sameClasses(shape[1], other[1]));
    if (!fits) throw errors.memberClassesDiffer(`model ${index + 1}`);
  });
  const parts = outputs.map(({ value }, index) => {
    const probability = probabilities(build, facts, value);
    const weight = weights[index] ?? 0;
    return build.op("Mul", [probability, scalarLike({ facts, build }, weight, value)]);
  });
  const name = outputs.every((output) => output.name === first.name) ? first.name : "probabilities";
  const result = build.op("Sum", parts, {}, whole.graph.freshName(name));
  result.info = {
    name: result.name,
    type: tensorType(facts.dtype(first.value) ?? "float", shape?.map(declaredDim)),
  };
  return result;
}

function sameClasses(a: Parameters<typeof sameDim>[0], b: Parameters<typeof sameDim>[0]): boolean {
  return typeof a !== "number" || typeof b !== "number" || sameDim(a, b);
}

/** The value that an output shows, before the operators that only view it in another shape. */
export function beforeViews(output: Value): Value {
  let value = output;
  for (;;) {
    const { producer } = value;
    const source = producer?.input(0);
    if (producer === undefined || source === undefined) return value;
    if (!hasTrait(producer, "view") && !producer.is("Identity")) return value;
    value = source;
  }
}

/** The probabilities of an output: the output itself after Softmax, its Exp after LogSoftmax, else its Softmax. */
function probabilities(build: Builder, facts: Facts, output: Value): Value {
  const value = beforeViews(output);
  if (value.producer?.is("Softmax") === true) return output;
  if (value.producer?.is("LogSoftmax") === true) return build.op("Exp", [output]);
  const rank = facts.rank(output);
  if (rank !== undefined && rank < 2) {
    throw errors.classesNeedSecondDimension().at({ element: output.name });
  }
  return build.op("Softmax", [output], { axis: 1 });
}
