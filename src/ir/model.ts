import type { Attribute } from "./attribute.js";
import { errors } from "./errors.js";
import { Graph, isStandardDomain, type MetadataEntry, type Node, type ValueInfo } from "./graph.js";

/** An operator set that a model or function uses. */
export interface OpsetImport {
  /** "" or undefined, and "ai.onnx", are the standard operators. */
  readonly domain: string | undefined;
  /** The version of the operator set. */
  readonly version: number;
  /** The OperatorSetIdProto as it was read. */
  readonly wire?: Uint8Array;
}

/** A function of a model, which nodes call like an operator. */
export interface FunctionDef {
  /** The operator type of the nodes that call it. */
  readonly name: string;
  /** The domain of the nodes that call it. */
  readonly domain: string | undefined;
  /** Tells functions of the same name and domain apart. */
  readonly overload: string | undefined;
  /** Documentation for people. */
  readonly docString: string | undefined;
  /** The operator sets that the body uses. */
  readonly opsetImports: readonly OpsetImport[];
  /** Attributes that a call must give. */
  readonly attributeNames: readonly string[];
  /** Attributes that a call may give, with their default values. */
  readonly attributeDefaults: readonly Attribute[];
  /** The function's inputs and outputs are those of the body. The body has no initializers. */
  readonly body: Graph;
  /** Declarations of values in the body. */
  readonly valueInfo: readonly ValueInfo[];
  /** metadata_props of the function. */
  readonly metadata: readonly MetadataEntry[];
  /** Fields that normfold does not read, as they were. */
  readonly unknown: Uint8Array | undefined;
}

/** Why a value that a TrainingInfoProto names is pinned. */
export const TRAINING_PIN = "the model's training_info names it";

/** A TrainingInfoProto. The values of the main graph that it names are pinned. */
export interface TrainingInfo {
  /** The message as it was read. */
  readonly wire: Uint8Array;
}

/** An ONNX model: a graph, the operator sets it uses, its functions, and its metadata. */
export class Model {
  /** Version of the file format. It says, for one, whether initializers are constants or defaults. */
  irVersion: number;
  /** The tool that made the model. */
  producerName: string | undefined;
  /** That tool's version. */
  producerVersion: string | undefined;
  /** A namespace for the model, as a reversed domain name. */
  domain: string | undefined;
  /** The model's own version. */
  modelVersion: bigint | undefined;
  /** Documentation for people. */
  docString: string | undefined;
  /** The operator sets that the graph uses. */
  opsetImports: readonly OpsetImport[];
  /** metadata_props of the model. */
  metadata: readonly MetadataEntry[] = [];
  /** The main graph. */
  readonly graph: Graph;
  /** Functions that nodes may call like operators. */
  functions: readonly FunctionDef[] = [];
  /** training_info entries, kept as they were. */
  trainingInfo: readonly TrainingInfo[] = [];
  /** Fields that normfold does not read (device configurations, newer fields), as they were. */
  unknown: Uint8Array | undefined;

  /** A model around a graph. `createModel` makes an empty one. */
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

/**
 * A model with an empty graph, to build on. Throws NormfoldError "usage" for an opset that is no whole number from 1
 * on.
 */
export function createModel(opset: number, name = "graph"): Model {
  if (!Number.isInteger(opset) || opset < 1) throw errors.opsetDoesNotExist(opset);
  return new Model(new Graph(name), [{ domain: "", version: opset }], opset >= 21 ? 10 : 8);
}
