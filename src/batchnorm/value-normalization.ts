import { createFacts } from "../analysis/fact-table.js";
import { present } from "../base/assert.js";
import { Builder } from "../ir/builder.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Facts } from "../rules/facts.js";
import { substitute, withdrawOutputs } from "./edit.js";

/**
 * Normalizations that are no layers. Exporters write some operators as a BatchNormalization in training form: weight standardization
 * normalizes a weight, and instance normalization each sample's own values, with the samples among the channels. There is no batch
 * that their statistics are of, so that nothing is to be measured, and no stored numbers may take the statistics' place.
 */

/** A BatchNormalization that normalizes a value by its own statistics. Plain data. */
export interface ValueNormalization {
  /** The node's name, or a stand-in made from a name of its values where it has none. */
  readonly name: string;
  /** What it normalizes: a value that no input of the model changes, or each sample by itself. */
  readonly of: "constant" | "sample";
}

/**
 * Writes them as what they are, in place: as InstanceNormalization, the samples of a constant side by side. One whose updated running
 * statistics are read stays as it is.
 */
export function writeOutValueNormalizations(model: Model): readonly ValueNormalization[] {
  const facts = createFacts(model);
  const found: ValueNormalization[] = [];
  let unfed: ReadonlySet<Value> | undefined;
  for (const graph of model.graph.withSubgraphs()) {
    for (const node of [...graph.nodes()]) {
      if (node.graph === undefined || !node.is("BatchNormalization") || facts.isCall(node)) continue;
      if (!isTrainingForm(node, facts.opset(node) ?? 0)) continue;
      unfed ??= unfedValues(model);
      const of = subjectOf(node, unfed, facts);
      if (of === undefined || !writeOut(graph, node, facts)) continue;
      found.push({ name: node.name || node.key, of });
    }
  }
  return found;
}

/**
 * Whether a node uses the statistics of the batch: training_mode from opset 14 on, is_test = 0 before opset 7, outputs of
 * statistics between.
 */
export function isTrainingForm(node: Node, opset: number): boolean {
  if (opset >= 14) return node.int("training_mode", 0) !== 0;
  if (opset < 7) return node.int("is_test", 0) === 0;
  return node.outputs.slice(1).some((value) => value !== null);
}

function subjectOf(
  node: Node,
  unfed: ReadonlySet<Value>,
  facts: Facts,
): ValueNormalization["of"] | undefined {
  const x = node.input(0);
  if (x === undefined) return undefined;
  if (unfed.has(x)) return "constant";
  // A view that puts the samples among the channels leaves one "sample" of which the statistics are.
  if (facts.shape(x)?.[0] !== 1) return undefined;
  let source = x;
  while (source.producer?.is("Reshape", "Unsqueeze", "Squeeze", "Flatten"))
    source = present(source.producer.input(0), "a view has an input");
  const samples = facts.shape(source)?.[0];
  return source === x || samples === undefined || samples === 1 ? undefined : "sample";
}

/** The values that no input of the model has a part in. What a body gives or is given counts as if one had. */
function unfedValues(model: Model): ReadonlySet<Value> {
  const unfed = new Set<Value>();
  // Bodies come after the graphs whose values they read.
  for (const graph of model.graph.withSubgraphs()) {
    for (const value of graph.initializers) if (value.tensor !== undefined) unfed.add(value);
    for (const node of graph.nodes()) {
      if (node.subgraphs.length > 0 || hasTrait(node, "random")) continue;
      if (node.inputs.some((value) => value !== null && !unfed.has(value))) continue;
      for (const value of node.outputs) if (value !== null) unfed.add(value);
    }
  }
  return unfed;
}

function writeOut(graph: Graph, node: Node, facts: Facts): boolean {
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const shape = x === undefined ? undefined : facts.shape(x);
  if (!x || !scale || !bias || !shape || shape.length < 2) return false;
  const isOneSample = shape[0] === 1 && shape.length > 2;
  const dims = facts.staticShape(x);
  if (!isOneSample && dims === undefined) return false;
  const updated = node.outputs.slice(1).flatMap((value) => value ?? []);
  if (updated.some((value) => [...value.uses].some((use) => use.kind !== "output"))) return false;
  withdrawOutputs(graph, new Set(updated));
  const build = new Builder(graph, { before: node, prefix: `${node.key}_` });
  const epsilon = { epsilon: { kind: "float", value: node.float("epsilon", 1e-5) } } as const;
  const normalize = (value: Value): Value => build.op("InstanceNormalization", [value, scale, bias], epsilon);
  const old = present(node.output(0), "a normalization has an output");
  substitute(old, isOneSample || dims === undefined ? normalize(x) : asOneSample(build, x, dims, normalize));
  graph.removeNode(node);
  return true;
}

/** Lays all samples of a channel side by side, as one sample. */
function asOneSample(
  build: Builder,
  x: Value,
  dims: readonly number[],
  normalize: (value: Value) => Value,
): Value {
  const [samples = 1, channels = 1, ...rest] = dims;
  const perm = [1, 0, ...rest.map((_, axis) => axis + 2)];
  const turned = build.op("Transpose", [x], { perm });
  const joined = build.op("Reshape", [turned, build.ints([1, channels, -1])]);
  const parted = build.op("Reshape", [normalize(joined), build.ints([channels, samples, ...rest])]);
  return build.op("Transpose", [parted], { perm });
}
