import type { Attribute } from "./attribute.js";
import { errors } from "./errors.js";
import { Graph, isStandardDomain, type MetadataEntry, type Node, type ValueInfo } from "./graph.js";

export interface OpsetImport {
  readonly domain: string | undefined;
  readonly version: number;
  readonly wire?: Uint8Array;
}

/** A model-local function. Its body's inputs and outputs are the function's; it has no initializers. */
export interface FunctionDef {
  readonly name: string;
  readonly domain: string | undefined;
  readonly overload: string | undefined;
  readonly docString: string | undefined;
  readonly opsetImports: readonly OpsetImport[];
  /** Attributes without, and with, a default value. */
  readonly attributeNames: readonly string[];
  readonly attributeDefaults: readonly Attribute[];
  readonly body: Graph;
  readonly valueInfo: readonly ValueInfo[];
  readonly metadata: readonly MetadataEntry[];
  readonly unknown: Uint8Array | undefined;
}

/** Why a value that a TrainingInfoProto names is pinned. */
export const TRAINING_PIN = "the model's training_info names it";

/** A TrainingInfoProto, kept as it was; every main-graph value it names is pinned. */
export interface TrainingInfo {
  readonly wire: Uint8Array;
}

export class Model {
  irVersion: number;
  producerName: string | undefined;
  producerVersion: string | undefined;
  domain: string | undefined;
  modelVersion: bigint | undefined;
  docString: string | undefined;
  opsetImports: readonly OpsetImport[];
  metadata: readonly MetadataEntry[] = [];
  readonly graph: Graph;
  functions: readonly FunctionDef[] = [];
  trainingInfo: readonly TrainingInfo[] = [];
  /** Fields that normfold does not read (device configurations, newer fields), as they were. */
  unknown: Uint8Array | undefined;

  constructor(graph: Graph, opsetImports: readonly OpsetImport[], irVersion = 8) {
    this.graph = graph;
    this.opsetImports = opsetImports;
    this.irVersion = irVersion;
    graph.scope.initializersAreDefaults = irVersion >= 4;
  }

  /** The imported version of a domain; undefined when it is not imported. */
  opset(domain: string | undefined = ""): number | undefined {
    return opsetOf(this.opsetImports, domain);
  }

  /** The model's graph, its subgraphs, and the function bodies with theirs. */
  *graphs(): Generator<Graph, void, undefined> {
    yield* this.graph.withSubgraphs();
    for (const fn of this.functions) yield* fn.body.withSubgraphs();
  }

  /** All nodes of all graphs. */
  *nodes(): Generator<Node, void, undefined> {
    for (const graph of this.graphs()) yield* graph.nodes();
  }
}

/** The version that `imports` give a domain; "" and "ai.onnx" are the same. */
export function opsetOf(imports: readonly OpsetImport[], domain: string | undefined): number | undefined {
  const standard = isStandardDomain(domain);
  return imports.find((entry) => (standard ? isStandardDomain(entry.domain) : entry.domain === domain))
    ?.version;
}

/** A model of one empty graph, to build on. */
export function createModel(opset: number, name = "graph"): Model {
  if (!Number.isInteger(opset) || opset < 1) throw errors.opsetDoesNotExist(opset);
  return new Model(new Graph(name), [{ domain: "", version: opset }], opset >= 21 ? 10 : 8);
}
