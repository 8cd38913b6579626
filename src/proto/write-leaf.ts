import { assertNever } from "../base/assert.js";
import type { Attribute } from "../ir/attribute.js";
import { dtypeCode } from "../ir/dtype.js";
import type { MetadataEntry, ValueInfo } from "../ir/graph.js";
import type { OpsetImport } from "../ir/model.js";
import type { Dim, ValueType } from "../ir/type.js";
import { UnknownFieldWriter, withText } from "./raw-fields.js";
import {
  ATTRIBUTE,
  ATTRIBUTE_KINDS,
  DIMENSION,
  ENTRY,
  OPSET,
  SHAPE,
  TYPE,
  TYPE_MAP,
  TYPE_TENSOR,
  VALUE_INFO,
} from "./schema.js";
import { Sink } from "./sink.js";
import { moves, sparseMoves, type TensorPlan, writeSparse, writeTensor } from "./write-tensor.js";

/** Writes metadata_props. */
export function writeMetadata(sink: Sink, field: number, entries: readonly MetadataEntry[]): void {
  for (const { key, value, wire } of entries) {
    if (wire !== undefined) sink.bytes(field, wire);
    else {
      sink.nested(field, () => {
        sink.text(ENTRY.key, key);
        sink.text(ENTRY.value, value);
      });
    }
  }
}

/** Writes an OperatorSetIdProto field. */
export function writeOpset(sink: Sink, field: number, opset: OpsetImport): void {
  if (opset.wire !== undefined) {
    sink.bytes(field, opset.wire);
    return;
  }
  sink.nested(field, () => {
    sink.text(OPSET.domain, opset.domain);
    sink.integer(OPSET.version, opset.version);
  });
}

/** Writes the declaration of a value that is now called `name`. */
export function writeValueInfo(sink: Sink, field: number, name: string, info: ValueInfo): void {
  const { wire, type, docString, metadata } = info;
  if (wire !== undefined && info.name === name) {
    sink.bytes(field, wire);
    return;
  }
  sink.nested(field, () => {
    if (wire !== undefined) {
      withText(wire, VALUE_INFO.name, name, sink);
      return;
    }
    sink.text(VALUE_INFO.name, name);
    if (type !== undefined) writeType(sink, VALUE_INFO.type, type);
    sink.text(VALUE_INFO.docString, docString);
    writeMetadata(sink, VALUE_INFO.metadata, metadata ?? []);
  });
}

/** Writes a TypeProto field. */
function writeType(sink: Sink, field: number, type: ValueType): void {
  if (type.wire !== undefined) {
    sink.bytes(field, type.wire);
    return;
  }
  sink.nested(field, () => {
    writeTypeFields(sink, type);
  });
}

function writeTypeFields(sink: Sink, type: ValueType): void {
  switch (type.kind) {
    case "tensor":
    case "sparse_tensor":
      sink.nested(type.kind === "tensor" ? TYPE.tensor : TYPE.sparse, () => {
        sink.integer(TYPE_TENSOR.elemType, dtypeCode(type.dtype));
        const { shape } = type;
        if (shape !== undefined) {
          sink.nested(TYPE_TENSOR.shape, () => {
            for (const dim of shape) writeDim(sink, dim);
          });
        }
      });
      break;
    case "sequence":
    case "optional":
      sink.nested(type.kind === "sequence" ? TYPE.sequence : TYPE.optional, () => {
        if (type.element !== undefined) writeType(sink, 1, type.element);
      });
      break;
    case "map":
      sink.nested(TYPE.map, () => {
        sink.integer(TYPE_MAP.key, dtypeCode(type.key));
        if (type.value !== undefined) writeType(sink, TYPE_MAP.value, type.value);
      });
      break;
    case "opaque":
      sink.nested(TYPE.opaque, () => {});
      break;
    default:
      assertNever(type, "type");
  }
}

function writeDim(sink: Sink, dim: Dim): void {
  sink.nested(SHAPE.dim, () => {
    if (typeof dim === "number") sink.integer(DIMENSION.value, dim);
    else sink.text(DIMENSION.param, dim);
  });
}

/** True when the attribute can be written as it was read. */
function isKept(attr: Attribute, plan: TensorPlan): boolean {
  if (attr.wire === undefined) return false;
  switch (attr.kind) {
    case "tensor":
      return !moves(attr.value, plan);
    case "tensors":
      return !attr.value.some((tensor) => moves(tensor, plan));
    case "sparse_tensor":
      return !sparseMoves(attr.value, plan);
    case "sparse_tensors":
      return !attr.value.some((sparse) => sparseMoves(sparse, plan));
    default:
      return true;
  }
}

const BIG_KINDS: ReadonlySet<Attribute["kind"]> = new Set([
  "tensor",
  "tensors",
  "graph",
  "graphs",
  "sparse_tensor",
  "sparse_tensors",
]);

/** Bytes from which on those of an attribute are handed on instead of copied. */
const BIG = 1 << 16;

/** True when writing the attribute may need pieces: graphs, very long lists, and tensors that are not written as they were read. */
export function mayBeBig(attr: Attribute, plan: TensorPlan): boolean {
  if (attr.wire !== undefined && attr.wire.length >= BIG) return true;
  return BIG_KINDS.has(attr.kind) && !isKept(attr, plan);
}

/** Writes a graph in an attribute. Given by the caller, because graphs hold attributes that hold graphs. */
export type WriteGraph = (
  sink: Sink,
  field: number,
  graph: Extract<Attribute, { kind: "graph" }>["value"],
) => void;

/** Writes an AttributeProto field. */
export function writeAttribute(
  sink: Sink,
  field: number,
  attr: Attribute,
  plan: TensorPlan,
  writeGraph: WriteGraph,
): void {
  if (attr.wire !== undefined && isKept(attr, plan)) {
    if (attr.wire.length < BIG) sink.bytes(field, attr.wire);
    else {
      sink.header(field, attr.wire.length);
      sink.piece(attr.wire);
    }
    return;
  }
  const write = (to: Sink): void => {
    writeAttributeFields(to, attr, plan, writeGraph);
  };
  if (mayBeBig(attr, plan)) {
    const message = new Sink();
    write(message);
    sink.message(field, message);
  } else {
    sink.nested(field, () => {
      write(sink);
    });
  }
}

function writeAttributeFields(sink: Sink, attr: Attribute, plan: TensorPlan, writeGraph: WriteGraph): void {
  const unknown = new UnknownFieldWriter(attr.unknown);
  sink.text(ATTRIBUTE.name, attr.name);
  // The fields of sparse tensors have higher numbers than the type, those of all other kinds lower ones.
  const late = attr.kind === "sparse_tensor" || attr.kind === "sparse_tensors";
  if (!late) writePayload(sink, attr, plan, writeGraph);
  unknown.before(ATTRIBUTE.docString, sink);
  sink.text(ATTRIBUTE.docString, attr.docString);
  unknown.before(ATTRIBUTE.type, sink);
  const code = ATTRIBUTE_KINDS.indexOf(attr.kind === "ref" ? attr.type : kindName(attr));
  if (code > 0) sink.integer(ATTRIBUTE.type, code);
  if (attr.kind === "ref") sink.text(ATTRIBUTE.refName, attr.ref);
  if (late) writePayload(sink, attr, plan, writeGraph);
  unknown.rest(sink);
}

function kindName(attr: Attribute): (typeof ATTRIBUTE_KINDS)[number] {
  return attr.kind === "unknown" || attr.kind === "ref" ? undefined : attr.kind;
}

function writePayload(sink: Sink, attr: Attribute, plan: TensorPlan, writeGraph: WriteGraph): void {
  switch (attr.kind) {
    case "float":
      sink.float(ATTRIBUTE.float, attr.value);
      break;
    case "int":
      sink.integer(ATTRIBUTE.int, attr.value);
      break;
    case "string":
      sink.bytes(ATTRIBUTE.string, attr.value);
      break;
    case "tensor":
      writeTensor(sink, ATTRIBUTE.tensor, attr.value, attr.value.meta.name, plan);
      break;
    case "graph":
      writeGraph(sink, ATTRIBUTE.graph, attr.value);
      break;
    case "sparse_tensor":
      writeSparse(sink, ATTRIBUTE.sparseTensor, attr.value, attr.value.values.meta.name, plan);
      break;
    case "type":
      writeType(sink, ATTRIBUTE.typeProto, attr.value);
      break;
    case "floats":
      for (const value of attr.value) sink.float(ATTRIBUTE.floats, value);
      break;
    case "ints":
      for (const value of attr.value) sink.integer(ATTRIBUTE.ints, value);
      break;
    case "strings":
      for (const value of attr.value) sink.bytes(ATTRIBUTE.strings, value);
      break;
    case "tensors":
      for (const tensor of attr.value) writeTensor(sink, ATTRIBUTE.tensors, tensor, tensor.meta.name, plan);
      break;
    case "graphs":
      for (const graph of attr.value) writeGraph(sink, ATTRIBUTE.graphs, graph);
      break;
    case "sparse_tensors":
      for (const sparse of attr.value) {
        writeSparse(sink, ATTRIBUTE.sparseTensors, sparse, sparse.values.meta.name, plan);
      }
      break;
    case "types":
      for (const type of attr.value) writeType(sink, ATTRIBUTE.typeProtos, type);
      break;
    case "ref":
    case "unknown":
      break;
    default:
      assertNever(attr, "attribute");
  }
}
