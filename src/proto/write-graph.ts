import { memorySource } from "../base/bytes.js";
import type { Graph, Node, QuantizationAnnotation, Value, ValueInfo } from "../ir/graph.js";
import type { FunctionDef } from "../ir/model.js";
import { tensorType } from "../ir/type.js";
import { rawFields, UnknownFieldWriter } from "./raw-fields.js";
import { ANNOTATION, ENTRY, FUNCTION, GRAPH, NODE } from "./schema.js";
import { Sink } from "./sink.js";
import { Cursor } from "./wire.js";
import { mayBeBig, writeAttribute, writeMetadata, writeOpset, writeValueInfo } from "./write-leaf.js";
import { type TensorPlan, writeSparse, writeTensor } from "./write-tensor.js";

/** Writes a GraphProto field. `listInitializers`: the graph's initializers must be inputs as well (before IR version 4). */
export function writeGraph(
  sink: Sink,
  field: number,
  graph: Graph,
  plan: TensorPlan,
  listInitializers = false,
): void {
  const message = new Sink();
  const unknown = new UnknownFieldWriter(graph.unknown);
  for (const node of graph.nodes()) writeNode(message, GRAPH.node, node, plan);
  unknown.before(GRAPH.name, message);
  message.text(GRAPH.name, graph.name);
  unknown.before(GRAPH.initializer, message);
  for (const value of graph.initializers) {
    if (value.tensor !== undefined) {
      writeTensor(message, GRAPH.initializer, value.tensor, value.name, plan);
    }
  }
  unknown.before(GRAPH.docString, message);
  message.text(GRAPH.docString, graph.docString);
  unknown.before(GRAPH.input, message);
  for (const input of graph.inputs) {
    writeValueInfo(message, GRAPH.input, input.name, input.info ?? { name: input.name });
  }
  if (listInitializers) writeInitializerInputs(message, graph);
  unknown.before(GRAPH.output, message);
  for (const output of graph.outputs) {
    const info = graph.outputInfo.get(output) ?? output.info ?? { name: output.name };
    writeValueInfo(message, GRAPH.output, output.name, info);
  }
  unknown.before(GRAPH.valueInfo, message);
  const elsewhere = new Set([...graph.inputs, ...graph.outputs]);
  writeDeclarations(message, GRAPH.valueInfo, graph, (value) => !elsewhere.has(value));
  unknown.before(GRAPH.annotation, message);
  for (const annotation of graph.annotations) writeAnnotation(message, annotation);
  unknown.before(GRAPH.sparseInitializer, message);
  for (const value of graph.initializers) {
    if (value.sparse !== undefined) {
      writeSparse(message, GRAPH.sparseInitializer, value.sparse, value.name, plan);
    }
  }
  unknown.before(GRAPH.metadata, message);
  writeMetadata(message, GRAPH.metadata, graph.metadata);
  unknown.rest(message);
  sink.message(field, message);
}

function writeInitializerInputs(sink: Sink, graph: Graph): void {
  for (const value of graph.initializers) {
    const tensor = value.tensor;
    if (tensor === undefined || graph.hasInput(value)) continue;
    writeValueInfo(sink, GRAPH.input, value.name, {
      name: value.name,
      type: tensorType(tensor.dtype, tensor.dims),
    });
  }
}

/** Writes the value_info list in the order in which it was read, new entries last. */
function writeDeclarations(sink: Sink, field: number, graph: Graph, wanted: (value: Value) => boolean): void {
  const entries: { readonly name: string; readonly info: ValueInfo }[] = graph.strayInfo.map((info) => ({
    name: info.name,
    info,
  }));
  const add = (value: Value | null): void => {
    const info = value?.info;
    if (value === null || info === undefined || !wanted(value)) return;
    if (info.wire !== undefined || info.type !== undefined) entries.push({ name: value.name, info });
  };
  if (graph.isFunctionBody) graph.inputs.forEach(add);
  for (const value of graph.initializers) add(value);
  for (const node of graph.nodes()) node.outputs.forEach(add);
  entries.sort((a, b) => (a.info.order ?? Infinity) - (b.info.order ?? Infinity) || 0);
  for (const { name, info } of entries) writeValueInfo(sink, field, name, info);
}

function writeNode(sink: Sink, field: number, node: Node, plan: TensorPlan): void {
  let big = false;
  for (const attr of node.attributes.values()) big ||= mayBeBig(attr, plan);
  if (big) {
    const message = new Sink();
    writeNodeFields(message, node, plan);
    sink.message(field, message);
  } else {
    sink.nested(field, () => {
      writeNodeFields(sink, node, plan);
    });
  }
}

function writeNodeFields(sink: Sink, node: Node, plan: TensorPlan): void {
  const unknown = new UnknownFieldWriter(node.unknown);
  for (const input of node.inputs) sink.text(NODE.input, input?.name ?? "");
  for (const output of node.outputs) sink.text(NODE.output, output?.name ?? "");
  sink.text(NODE.name, node.name);
  sink.text(NODE.opType, node.opType);
  for (const attr of node.attributes.values()) {
    writeAttribute(sink, NODE.attribute, attr, plan, (to, inner, graph) => {
      writeGraph(to, inner, graph, plan);
    });
  }
  sink.text(NODE.docString, node.docString);
  unknown.before(NODE.domain, sink);
  sink.text(NODE.domain, node.domain);
  sink.text(NODE.overload, node.overload);
  writeMetadata(sink, NODE.metadata, node.metadata);
  unknown.rest(sink);
}

/** Writes an annotation, as it was read if it was, with the present names of its values. */
function writeAnnotation(sink: Sink, annotation: QuantizationAnnotation): void {
  const nameOf = (value: Value | string): string => (typeof value === "string" ? value : value.name);
  const { wire, parameters } = annotation;
  if (wire === undefined) {
    sink.nested(GRAPH.annotation, () => {
      sink.text(ANNOTATION.tensor, nameOf(annotation.tensor));
      for (const { key, value } of parameters) {
        sink.nested(ANNOTATION.parameter, () => {
          sink.text(ENTRY.key, key);
          sink.text(ENTRY.value, nameOf(value));
        });
      }
    });
    return;
  }
  let index = 0;
  sink.nested(GRAPH.annotation, () => {
    for (const [field, raw] of rawFields(wire)) {
      const parameter = field === ANNOTATION.parameter ? parameters[index++] : undefined;
      if (field === ANNOTATION.tensor) sink.text(field, nameOf(annotation.tensor));
      else if (parameter === undefined) sink.raw(raw);
      else writeParameter(sink, raw, nameOf(parameter.value));
    }
  });
}

/** Writes the entry in `raw` (with its tag) with another value. */
function writeParameter(sink: Sink, raw: Uint8Array, value: string): void {
  const cursor = new Cursor({ source: memorySource(raw), offset: 0, length: raw.length });
  cursor.next();
  const entry = cursor.bytes();
  sink.nested(ANNOTATION.parameter, () => {
    for (const [field, inner] of rawFields(entry)) {
      if (field === ENTRY.value) sink.text(field, value);
      else sink.raw(inner);
    }
  });
}

/** Writes a FunctionProto field. */
export function writeFunction(sink: Sink, field: number, def: FunctionDef, plan: TensorPlan): void {
  const message = new Sink();
  const unknown = new UnknownFieldWriter(def.unknown);
  const { body } = def;
  message.text(FUNCTION.name, def.name);
  unknown.before(FUNCTION.input, message);
  for (const input of body.inputs) message.text(FUNCTION.input, input.name);
  for (const output of body.outputs) message.text(FUNCTION.output, output.name);
  for (const name of def.attributeNames) message.text(FUNCTION.attribute, name);
  for (const node of body.nodes()) writeNode(message, FUNCTION.node, node, plan);
  message.text(FUNCTION.docString, def.docString);
  unknown.before(FUNCTION.opsetImport, message);
  for (const opset of def.opsetImports) writeOpset(message, FUNCTION.opsetImport, opset);
  message.text(FUNCTION.domain, def.domain);
  for (const attr of def.attributeDefaults) {
    writeAttribute(message, FUNCTION.attributeDefault, attr, plan, (to, inner, graph) => {
      writeGraph(to, inner, graph, plan);
    });
  }
  writeDeclarations(message, FUNCTION.valueInfo, body, () => true);
  message.text(FUNCTION.overload, def.overload);
  writeMetadata(message, FUNCTION.metadata, def.metadata);
  unknown.rest(message);
  sink.message(field, message);
}
