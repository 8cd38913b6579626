import { NormfoldError } from "../base/errors.js";
import { COST } from "./allowance.js";
import { errors } from "./errors.js";
import type { TensorContext } from "./external.js";
import { readAttribute } from "./read-attribute.js";
import { readDoc, readEntry, readMetadata, readValueInfo, UnknownFields } from "./read-leaf.js";
import { readSparse, readTensor } from "./read-tensor.js";
import { type AnnotationRecord, type GraphRecord, type NodeRecord, nodeLabel } from "./records.js";
import { ANNOTATION, GRAPH, NODE } from "./schema.js";
import type { Cursor } from "./wire.js";

/** A record to be filled. */
export function emptyGraph(): GraphRecord {
  return {
    name: undefined,
    docString: undefined,
    nodes: [],
    initializers: [],
    sparse: [],
    inputs: [],
    outputs: [],
    valueInfo: [],
    annotations: [],
    metadata: [],
    unknown: undefined,
  };
}

/** Reads a GraphProto. */
export function readGraph(cursor: Cursor, context: TensorContext): GraphRecord {
  const graph = emptyGraph();
  const unknown = new UnknownFields();
  const outer = cursor.enter();
  while (cursor.next()) {
    switch (cursor.field) {
      case GRAPH.node:
        graph.nodes.push(readNode(cursor, context));
        break;
      case GRAPH.name:
        graph.name = cursor.string("the name of a graph");
        break;
      case GRAPH.initializer:
        graph.initializers.push(readTensor(cursor, context));
        break;
      case GRAPH.sparseInitializer:
        graph.sparse.push(readSparse(cursor, context));
        break;
      case GRAPH.docString:
        graph.docString = readDoc(cursor, unknown);
        break;
      case GRAPH.input:
        graph.inputs.push(readValueInfo(cursor));
        break;
      case GRAPH.output:
        graph.outputs.push(readValueInfo(cursor));
        break;
      case GRAPH.valueInfo:
        graph.valueInfo.push(readValueInfo(cursor, graph.valueInfo.length));
        break;
      case GRAPH.annotation:
        graph.annotations.push(readAnnotation(cursor));
        break;
      case GRAPH.metadata:
        readMetadata(cursor, graph.metadata, unknown);
        break;
      default:
        unknown.keep(cursor.raw());
    }
  }
  cursor.leave(outer);
  graph.unknown = unknown.bytes;
  return graph;
}

/** Reads a NodeProto. */
export function readNode(cursor: Cursor, context: TensorContext): NodeRecord {
  cursor.allowance.take(COST.node);
  const node: NodeRecord = {
    inputs: [],
    outputs: [],
    name: undefined,
    opType: undefined,
    domain: undefined,
    overload: undefined,
    docString: undefined,
    attributes: [],
    metadata: [],
    unknown: undefined,
    offset: cursor.start,
  };
  const unknown = new UnknownFields();
  const outer = cursor.enter();
  try {
    while (cursor.next()) readNodeField(cursor, node, unknown, context);
  } catch (error) {
    // No node is to blame where all of them take too much.
    const isOfNode = error instanceof NormfoldError && error.id !== errors.modelTakesTooMuchMemory.id;
    throw isOfNode ? error.at({ element: nodeLabel(node) }) : error;
  }
  cursor.leave(outer);
  node.unknown = unknown.bytes;
  // Exact lists: those that grew have room for 17 items.
  return { ...node, inputs: node.inputs.slice(), outputs: node.outputs.slice() };
}

function readNodeField(
  cursor: Cursor,
  node: NodeRecord,
  unknown: UnknownFields,
  context: TensorContext,
): void {
  switch (cursor.field) {
    case NODE.input:
      cursor.allowance.take(COST.operand);
      node.inputs.push(cursor.string("the name of an input"));
      break;
    case NODE.output:
      cursor.allowance.take(COST.operand);
      node.outputs.push(cursor.string("the name of an output"));
      break;
    case NODE.name:
      node.name = cursor.string("the name of a node");
      break;
    case NODE.opType:
      node.opType = cursor.string("the type of a node");
      break;
    case NODE.domain:
      node.domain = cursor.string("the domain of a node");
      break;
    case NODE.overload:
      node.overload = cursor.string("the overload of a node");
      break;
    case NODE.docString:
      node.docString = readDoc(cursor, unknown);
      break;
    case NODE.attribute:
      node.attributes.push(readAttribute(cursor, context, readGraph));
      break;
    case NODE.metadata:
      readMetadata(cursor, node.metadata, unknown);
      break;
    default:
      unknown.keep(cursor.raw());
  }
}

function readAnnotation(cursor: Cursor): AnnotationRecord {
  const wire = cursor.bytes();
  const parameters: (readonly [string, string])[] = [];
  let tensor = "";
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === ANNOTATION.tensor) tensor = cursor.string("the name of an annotated tensor");
    else if (cursor.field === ANNOTATION.parameter) {
      parameters.push(readEntry(cursor, "a quantization annotation"));
    }
  }
  cursor.leave(outer);
  return { tensor, parameters, wire };
}
