import type { Graph, Node, Value } from "../ir/graph.js";
import { isStandardDomain } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { typeText } from "../text/type.js";
import { type ExternalFile, externalFiles } from "./external-files.js";
import { type ModelSummary, summarize } from "./summary.js";

/** An input or an output. */
export interface ValueDescription {
  /** Its name. */
  readonly name: string;
  /** The type in ONNX text, "float[N,3,224,224]"; undefined where the model does not declare it. */
  readonly type: string | undefined;
}

/** An input. */
export interface InputDescription extends ValueDescription {
  /** An initializer gives it a value that a caller may override. */
  readonly optional: boolean;
}

/** A constant. */
export interface InitializerDescription {
  /** Its name. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: string;
  /** Its sizes. */
  readonly dims: readonly number[];
  /** Bytes of its elements. */
  readonly bytes: number;
}

/** A BatchNormalization and its neighbours. */
export interface NormalizationDescription {
  /** Its name, or that of its output. */
  readonly node: string;
  /** The operator that gives its input; "input" or "initializer" where none does. */
  readonly before: string;
  /** The operators that read its output, sorted; "output" for a graph output. */
  readonly after: readonly string[];
}

/** The contents of a model, as `normfold inspect` shows them. Plain data: it survives JSON. */
export interface ModelDescription {
  /** The version of the file format. */
  readonly irVersion: number;
  /** The operator sets, "ai.onnx" for the standard one. */
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  /** The program that made the model, with its version. */
  readonly producer: string | undefined;
  /** The domain of the model. */
  readonly domain: string | undefined;
  /** The version of the model, as a text because it may be larger than numbers are exact. */
  readonly version: string | undefined;
  /** Documentation for people. */
  readonly docString: string | undefined;
  /** The name of the graph. */
  readonly graph: string | undefined;
  /** The inputs that a caller gives. */
  readonly inputs: readonly InputDescription[];
  /** The outputs. */
  readonly outputs: readonly ValueDescription[];
  /** metadata_props. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The model in numbers. */
  readonly summary: ModelSummary;
  /** The largest, largest first. */
  readonly largest: readonly InitializerDescription[];
  /** The functions, "domain::name". */
  readonly functions: readonly string[];
  /** Bodies of control-flow nodes: how many for each operator. */
  readonly subgraphs: Readonly<Record<string, number>>;
  /** The data files. */
  readonly external: readonly ExternalFile[];
  /** The number of training_info entries. */
  readonly trainingInfo: number;
  /** Every BatchNormalization of all graphs. */
  readonly normalizations: readonly NormalizationDescription[];
}

const LARGEST = 5;

/** Reads no tensor data, so that it also works where external files are missing. */
export function describeModel(model: Model): ModelDescription {
  const { graph } = model;
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(" ");
  return {
    irVersion: model.irVersion,
    opsets: model.opsetImports.map(({ domain, version }) => ({ domain: domain || "ai.onnx", version })),
    producer: producer === "" ? undefined : producer,
    domain: model.domain || undefined,
    version: model.modelVersion?.toString(),
    docString: model.docString || undefined,
    graph: graph.name || undefined,
    inputs: trueInputs(model),
    outputs: graph.outputs.map((value) => describeValue(value, graph)),
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
    summary: summarize(model),
    largest: largestInitializers(model),
    functions: model.functions.map((fn) => (fn.domain ? `${fn.domain}::${fn.name}` : fn.name)),
    subgraphs: countSubgraphs(model),
    external: externalFiles(model),
    trainingInfo: model.trainingInfo.length,
    normalizations: [...model.nodes()]
      .filter((node) => node.is("BatchNormalization"))
      .map(describeNormalization),
  };
}

/** Before IR version 4 every initializer had to be listed as an input; those are no inputs to a caller. */
function trueInputs(model: Model): InputDescription[] {
  return model.graph.inputs
    .filter((value) => model.irVersion >= 4 || !hasDefault(value))
    .map((value) => ({ ...describeValue(value, model.graph), optional: hasDefault(value) }));
}

function hasDefault(value: Value): boolean {
  return value.tensor !== undefined || value.sparse !== undefined;
}

function describeValue(value: Value, graph: Graph): ValueDescription {
  const type = (graph.outputInfo.get(value) ?? value.info)?.type;
  return { name: value.name, type: type === undefined ? undefined : typeText(type) };
}

function largestInitializers(model: Model): InitializerDescription[] {
  const found: InitializerDescription[] = [];
  for (const graph of model.graphs()) {
    for (const { name, tensor } of graph.initializers) {
      if (tensor !== undefined)
        found.push({ name, dtype: tensor.dtype, dims: tensor.dims, bytes: tensor.byteLength });
    }
  }
  return found.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)).slice(0, LARGEST);
}

function countSubgraphs(model: Model): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of model.nodes()) {
    if (node.subgraphs.length === 0) continue;
    counts[node.opType] = (counts[node.opType] ?? 0) + node.subgraphs.length;
  }
  return counts;
}

function describeNormalization(node: Node): NormalizationDescription {
  const [input, output] = [node.input(0), node.output(0)];
  const after = new Set((output?.users ?? []).map(operatorName));
  return {
    node: node.name || output?.name || "",
    before: input === undefined ? "nothing" : sourceName(input),
    after: [...after].sort().concat(output?.isGraphOutput ? ["output"] : []),
  };
}

function sourceName(value: Value): string {
  if (value.producer !== undefined) return operatorName(value.producer);
  return value.tensor !== undefined ? "initializer" : "input";
}

function operatorName(node: Node): string {
  return isStandardDomain(node.domain) ? node.opType : `${node.domain}::${node.opType}`;
}
