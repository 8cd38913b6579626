import type { Attribute, SparseTensor } from "../ir/attribute.js";
import type { MetadataEntry, ValueInfo } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";

/** A graph as the file has it, with names in place of values. link.ts makes a Graph of it. */
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

/** A node as the file has it. */
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

/** An attribute that holds graphs as the file has them. */
export interface BodyAttribute {
  readonly name: string;
  readonly docString: string | undefined;
  readonly kind: "graph" | "graphs";
  readonly bodies: readonly GraphRecord[];
  readonly unknown: Uint8Array | undefined;
}

/** A quantization_annotation as the file has it. */
export interface AnnotationRecord {
  readonly tensor: string;
  readonly parameters: readonly (readonly [key: string, value: string])[];
  readonly wire: Uint8Array;
}

/** The name of a node in messages: its operator and name, or its first output where it has no name. */
export function nodeLabel(node: NodeRecord): string {
  return `${node.opType ?? "node"} "${node.name || node.outputs.find((name) => name !== "") || "?"}"`;
}
