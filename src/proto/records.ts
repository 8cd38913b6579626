import type { Attribute, SparseTensor } from "../ir/attribute.js";
import type { MetadataEntry, ValueInfo } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";

/** Graphs as they stand in the file: values are still names. link.ts makes Graphs of them. */
export interface GraphRecord {
  name: string | undefined;
  docString: string | undefined;
  readonly nodes: NodeRecord[];
  readonly initializers: Tensor[];
  readonly sparse: SparseTensor[];
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  readonly valueInfo: ValueInfo[];
  readonly annotations: AnnotationRecord[];
  readonly metadata: MetadataEntry[];
  unknown: Uint8Array | undefined;
}

export interface NodeRecord {
  readonly inputs: string[];
  readonly outputs: string[];
  name: string | undefined;
  opType: string | undefined;
  domain: string | undefined;
  overload: string | undefined;
  docString: string | undefined;
  readonly attributes: (Attribute | BodyAttribute)[];
  readonly metadata: MetadataEntry[];
  unknown: Uint8Array | undefined;
  /** Byte offset in the file, for messages. */
  readonly offset: number;
}

/** An attribute that holds graphs, not yet linked. */
export interface BodyAttribute {
  readonly name: string;
  readonly docString: string | undefined;
  readonly kind: "graph" | "graphs";
  readonly bodies: readonly GraphRecord[];
  readonly unknown: Uint8Array | undefined;
}

export interface AnnotationRecord {
  readonly tensor: string;
  readonly parameters: readonly (readonly [key: string, value: string])[];
  readonly wire: Uint8Array;
}

/** How messages name a node. */
export function nodeLabel(node: NodeRecord): string {
  return `${node.opType ?? "node"} "${node.name || node.outputs.find((name) => name !== "") || "?"}"`;
}
