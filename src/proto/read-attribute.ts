import type { Attribute, AttributePayload, SparseTensor } from "../ir/attribute.js";
import type { Tensor } from "../ir/tensor.js";
import type { ValueType } from "../ir/type.js";
import { COST } from "./allowance.js";
import { errors } from "./errors.js";
import type { TensorContext } from "./external.js";
import { readLongList } from "./long-list.js";
import { forPacked, readDoc, readIntegers, readType, UnknownFields } from "./read-leaf.js";
import { readSparse, readTensor } from "./read-tensor.js";
import type { BodyAttribute, GraphRecord } from "./records.js";
import { ATTRIBUTE, ATTRIBUTE_KINDS } from "./schema.js";
import { type Cursor, DELIMITED, utf8 } from "./wire.js";

/** Attributes with tensors that take more bytes are written field by field, so that their bytes need not be held. */
const LARGEST_KEPT = 4096;

/** The fields of an AttributeProto. Its type says which of them hold the value. */
interface AttributeFields {
  name: string | undefined;
  ref: string | undefined;
  docString: string | undefined;
  type: number | undefined;
  float: number;
  int: bigint;
  string: Uint8Array;
  readonly floats: number[];
  readonly ints: bigint[];
  readonly strings: Uint8Array[];
  readonly tensor: Tensor[];
  readonly tensors: Tensor[];
  readonly graph: GraphRecord[];
  readonly graphs: GraphRecord[];
  readonly sparse: SparseTensor[];
  readonly sparses: SparseTensor[];
  readonly typeProto: (ValueType | undefined)[];
  readonly typeProtos: (ValueType | undefined)[];
  /** The first value field, which says the type in models that are older than the type field. */
  first: number | undefined;
}

/** Reads a graph in an attribute. Given by the caller, because graphs hold attributes that hold graphs. */
export type ReadGraph = (cursor: Cursor, context: TensorContext) => GraphRecord;

/** Reads an AttributeProto. */
export function readAttribute(
  cursor: Cursor,
  context: TensorContext,
  readGraph: ReadGraph,
): Attribute | BodyAttribute {
  cursor.allowance.take(COST.attribute);
  const { start, valueEnd } = cursor;
  const range = cursor.range();
  const long =
    range.length > LARGEST_KEPT ? readLongList(cursor.bytes(), nameIn, cursor.allowance) : undefined;
  if (long !== undefined) return long;
  const fields = emptyFields();
  const unknown = new UnknownFields();
  const outer = cursor.enter();
  while (cursor.next()) readField(cursor, fields, unknown, context, readGraph);
  cursor.leave(outer);
  const { name, docString } = fields;
  if (name === undefined || name === "") throw errors.attributeHasNoName().at({ offset: start });
  const bodies = fields.graph.length > 0 ? fields.graph : fields.graphs;
  const kind = fields.ref ? undefined : kindOf(fields);
  if (kind === "graph" || kind === "graphs") {
    if (kind === "graph" && bodies.length !== 1) throw errors.attributeHasNoGraph(name).at({ offset: start });
    return { name, docString, kind, bodies, unknown: unknown.bytes };
  }
  if (fields.graph.length + fields.graphs.length > 0) {
    throw errors.attributeTypeIsNotGraph(name).at({ offset: start });
  }
  const payload = payloadOf(fields, kind);
  const holdsTensors = fields.tensor.length + fields.tensors.length > 0;
  if (holdsTensors && payload.kind !== "unknown" && range.length > LARGEST_KEPT) {
    return { name, docString, ...payload, unknown: unknown.bytes };
  }
  return { name, docString, ...payload, wire: cursor.slice(valueEnd - range.length, valueEnd) };
}

function nameIn(bytes: Uint8Array): string | undefined {
  return utf8(bytes, 0, bytes.length);
}

function emptyFields(): AttributeFields {
  return {
    name: undefined,
    ref: undefined,
    docString: undefined,
    type: undefined,
    float: 0,
    int: 0n,
    string: new Uint8Array(0),
    floats: [],
    ints: [],
    strings: [],
    tensor: [],
    tensors: [],
    graph: [],
    graphs: [],
    sparse: [],
    sparses: [],
    typeProto: [],
    typeProtos: [],
    first: undefined,
  };
}

function readField(
  cursor: Cursor,
  fields: AttributeFields,
  unknown: UnknownFields,
  context: TensorContext,
  readGraph: ReadGraph,
): void {
  const { field } = cursor;
  if (VALUE_FIELDS.has(field)) fields.first ??= field;
  switch (field) {
    case ATTRIBUTE.name:
      fields.name = cursor.string("the name of an attribute");
      break;
    case ATTRIBUTE.refName:
      fields.ref = cursor.string("the name of a referenced attribute");
      break;
    case ATTRIBUTE.docString:
      fields.docString = readDoc(cursor, unknown);
      break;
    case ATTRIBUTE.type:
      fields.type = cursor.integer("an attribute type");
      break;
    case ATTRIBUTE.float:
      fields.float = cursor.float();
      break;
    case ATTRIBUTE.int:
      fields.int = cursor.bigint();
      break;
    case ATTRIBUTE.string:
      fields.string = cursor.bytes();
      break;
    case ATTRIBUTE.floats:
      if (cursor.wireType === DELIMITED) forPacked(cursor, (reader) => fields.floats.push(reader.float()));
      else {
        cursor.allowance.take(COST.entry);
        fields.floats.push(cursor.float());
      }
      break;
    case ATTRIBUTE.ints:
      readIntegers(cursor, fields.ints);
      break;
    case ATTRIBUTE.strings:
      cursor.allowance.take(COST.pair);
      fields.strings.push(cursor.bytes());
      break;
    case ATTRIBUTE.tensor:
      fields.tensor.push(readTensor(cursor, context));
      break;
    case ATTRIBUTE.tensors:
      fields.tensors.push(readTensor(cursor, context));
      break;
    case ATTRIBUTE.graph:
      fields.graph.push(readGraph(cursor, context));
      break;
    case ATTRIBUTE.graphs:
      fields.graphs.push(readGraph(cursor, context));
      break;
    case ATTRIBUTE.sparseTensor:
      fields.sparse.push(readSparse(cursor, context));
      break;
    case ATTRIBUTE.sparseTensors:
      fields.sparses.push(readSparse(cursor, context));
      break;
    case ATTRIBUTE.typeProto:
      fields.typeProto.push(readType(cursor));
      break;
    case ATTRIBUTE.typeProtos:
      fields.typeProtos.push(readType(cursor));
      break;
    default:
      unknown.keep(cursor.raw());
  }
}

type Kind = (typeof ATTRIBUTE_KINDS)[number];

const VALUE_FIELDS: ReadonlyMap<number, Kind> = new Map([
  [ATTRIBUTE.float, "float"],
  [ATTRIBUTE.int, "int"],
  [ATTRIBUTE.string, "string"],
  [ATTRIBUTE.tensor, "tensor"],
  [ATTRIBUTE.graph, "graph"],
  [ATTRIBUTE.floats, "floats"],
  [ATTRIBUTE.ints, "ints"],
  [ATTRIBUTE.strings, "strings"],
  [ATTRIBUTE.tensors, "tensors"],
  [ATTRIBUTE.graphs, "graphs"],
  [ATTRIBUTE.sparseTensor, "sparse_tensor"],
  [ATTRIBUTE.sparseTensors, "sparse_tensors"],
  [ATTRIBUTE.typeProto, "type"],
  [ATTRIBUTE.typeProtos, "types"],
]);

function kindOf(fields: AttributeFields): Kind {
  if (fields.type) return ATTRIBUTE_KINDS[fields.type];
  return fields.first === undefined ? undefined : VALUE_FIELDS.get(fields.first);
}

function payloadOf(fields: AttributeFields, kind: Kind): AttributePayload {
  if (fields.ref) {
    const type = kindOf(fields);
    return type === undefined ? { kind: "unknown" } : { kind: "ref", ref: fields.ref, type };
  }
  switch (kind) {
    case "float":
      return { kind, value: fields.float };
    case "int":
      return { kind, value: fields.int };
    case "string":
      return { kind, value: fields.string };
    case "floats":
      return { kind, value: fields.floats };
    case "ints":
      return { kind, value: fields.ints };
    case "strings":
      return { kind, value: fields.strings };
    case "tensors":
      return { kind, value: fields.tensors };
    case "sparse_tensors":
      return { kind, value: fields.sparses };
    case "types": {
      const known = fields.typeProtos.filter((type) => type !== undefined);
      return known.length === fields.typeProtos.length ? { kind, value: known } : { kind: "unknown" };
    }
    case "tensor": {
      const value = fields.tensor.at(-1);
      return value === undefined ? { kind: "unknown" } : { kind, value };
    }
    case "sparse_tensor": {
      const value = fields.sparse.at(-1);
      return value === undefined ? { kind: "unknown" } : { kind, value };
    }
    case "type": {
      const value = fields.typeProto.at(-1);
      return value === undefined ? { kind: "unknown" } : { kind, value };
    }
    default:
      return { kind: "unknown" };
  }
}
