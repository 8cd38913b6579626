import { concatBytes } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import { type DType, dtypeFromCode } from "../ir/dtype.js";
import type { MetadataEntry, ValueInfo } from "../ir/graph.js";
import type { OpsetImport } from "../ir/model.js";
import type { Dim, TensorType, ValueType } from "../ir/type.js";
import { COST } from "./allowance.js";
import { errors } from "./errors.js";
import { DIMENSION, ENTRY, OPSET, SHAPE, TYPE, TYPE_MAP, TYPE_TENSOR, VALUE_INFO } from "./schema.js";
import { type Cursor, DELIMITED, VARINT } from "./wire.js";

/** Collects the fields of a message that normfold does not read, so that they can be written back. */
export class UnknownFields {
  #parts: Uint8Array[] | undefined;

  keep(field: Uint8Array): void {
    this.#parts ??= [];
    this.#parts.push(field);
  }

  get bytes(): Uint8Array | undefined {
    return this.#parts === undefined ? undefined : concatBytes(this.#parts);
  }
}

/** Reads a doc string. One that is not UTF-8 is kept as an unknown field, because nothing depends on it. */
export function readDoc(cursor: Cursor, unknown: UnknownFields): string | undefined {
  const text = cursor.text();
  if (text === undefined) unknown.keep(cursor.raw());
  return text;
}

/** Reads a metadata_props entry and adds it to `entries`. */
export function readMetadata(cursor: Cursor, entries: MetadataEntry[], unknown: UnknownFields): void {
  cursor.allowance.take(COST.pair);
  const wire = cursor.bytes();
  const field = cursor.raw();
  const fields: number[] = [];
  let key: string | undefined = "";
  let value: string | undefined = "";
  const outer = cursor.enter();
  while (cursor.next()) {
    fields.push(cursor.field);
    if (cursor.field === ENTRY.key) key = cursor.text();
    else if (cursor.field === ENTRY.value) value = cursor.text();
  }
  cursor.leave(outer);
  if (key === undefined || value === undefined) {
    unknown.keep(field);
    return;
  }
  const plain = fields.length === 2 && fields[0] === ENTRY.key && fields[1] === ENTRY.value;
  entries.push(plain ? { key, value } : { key, value, wire });
}

/** Reads a StringStringEntryProto. `what` is for messages. */
export function readEntry(cursor: Cursor, what: string): readonly [key: string, value: string] {
  cursor.allowance.take(COST.pair);
  let key = "";
  let value = "";
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === ENTRY.key) key = cursor.string(`a key of ${what}`);
    else if (cursor.field === ENTRY.value) value = cursor.string(`a value of ${what}`);
  }
  cursor.leave(outer);
  return [key, value];
}

/** Reads an OperatorSetIdProto. */
export function readOpset(cursor: Cursor): OpsetImport {
  cursor.allowance.take(COST.pair);
  const wire = cursor.bytes();
  let domain: string | undefined;
  let version = 0;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === OPSET.domain) domain = cursor.string("the domain of an opset import");
    else if (cursor.field === OPSET.version) version = cursor.integer("an opset version");
  }
  cursor.leave(outer);
  return { domain, version, wire };
}

/** Reads a ValueInfoProto. `order` is its place in the list of value_info. */
export function readValueInfo(cursor: Cursor, order?: number): ValueInfo {
  cursor.allowance.take(COST.declaration);
  const wire = cursor.bytes();
  let metadata: MetadataEntry[] | undefined;
  let name = "";
  let type: ValueType | undefined;
  let docString: string | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    switch (cursor.field) {
      case VALUE_INFO.name:
        name = cursor.string("the name of a value");
        break;
      case VALUE_INFO.type:
        type = readType(cursor);
        break;
      case VALUE_INFO.docString:
        docString = cursor.text();
        break;
      case VALUE_INFO.metadata:
        metadata ??= [];
        readMetadata(cursor, metadata, new UnknownFields());
        break;
    }
  }
  cursor.leave(outer);
  return { name, type, docString, metadata, wire, order };
}

/** Whether ValueType says all that a type says; otherwise its bytes must be kept. */
interface Fidelity {
  exact: boolean;
}

/** Reads a TypeProto; undefined when it is empty or newer than this version knows. */
export function readType(cursor: Cursor): ValueType | undefined {
  const { valueStart, valueEnd } = cursor;
  const fidelity: Fidelity = { exact: true };
  const type = readTypeFields(cursor, fidelity);
  if (type === undefined || fidelity.exact) return type;
  return { ...type, wire: cursor.slice(valueStart, valueEnd) };
}

function readTypeFields(cursor: Cursor, fidelity: Fidelity): ValueType | undefined {
  let type: ValueType | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (type !== undefined) fidelity.exact = false;
    switch (cursor.field) {
      case TYPE.tensor:
        type = readTensorType(cursor, "tensor", fidelity);
        break;
      case TYPE.sparse:
        type = readTensorType(cursor, "sparse_tensor", fidelity);
        break;
      case TYPE.sequence:
        type = { kind: "sequence", element: readElementType(cursor, fidelity) };
        break;
      case TYPE.optional:
        type = { kind: "optional", element: readElementType(cursor, fidelity) };
        break;
      case TYPE.map:
        type = readMapType(cursor, fidelity);
        break;
      case TYPE.opaque:
        type = { kind: "opaque" };
        fidelity.exact = false;
        break;
      default:
        fidelity.exact = false;
    }
  }
  cursor.leave(outer);
  return type;
}

function readTensorType(cursor: Cursor, kind: TensorType["kind"], fidelity: Fidelity): ValueType {
  let dtype: DType = "undefined";
  let shape: Dim[] | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === TYPE_TENSOR.elemType) dtype = readKnownDType(cursor, fidelity);
    else if (cursor.field === TYPE_TENSOR.shape) shape = readShape(cursor, fidelity);
    else fidelity.exact = false;
  }
  cursor.leave(outer);
  return { kind, dtype, shape };
}

function readElementType(cursor: Cursor, fidelity: Fidelity): ValueType | undefined {
  let element: ValueType | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === 1) element = readTypeFields(cursor, fidelity);
    else fidelity.exact = false;
  }
  cursor.leave(outer);
  return element;
}

function readMapType(cursor: Cursor, fidelity: Fidelity): ValueType {
  let key: DType = "undefined";
  let value: ValueType | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === TYPE_MAP.key) key = readKnownDType(cursor, fidelity);
    else if (cursor.field === TYPE_MAP.value) value = readTypeFields(cursor, fidelity);
    else fidelity.exact = false;
  }
  cursor.leave(outer);
  return { kind: "map", key, value };
}

function readKnownDType(cursor: Cursor, fidelity: Fidelity): DType {
  const dtype = readDType(cursor);
  if (dtype === undefined) fidelity.exact = false;
  return dtype ?? "undefined";
}

/** Reads an element type; undefined for a code that this version does not know. */
export function readDType(cursor: Cursor): DType | undefined {
  return dtypeFromCode(cursor.integer("an element type"));
}

function readShape(cursor: Cursor, fidelity: Fidelity): Dim[] {
  const shape: Dim[] = [];
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === SHAPE.dim) shape.push(readDim(cursor, fidelity));
    else fidelity.exact = false;
  }
  cursor.leave(outer);
  // An exact list: one that grew has room for 17 items.
  return shape.slice();
}

/** Exporters write -1 and "" for a size they do not know. */
function readDim(cursor: Cursor, fidelity: Fidelity): Dim {
  cursor.allowance.take(COST.dimension);
  let dim: Dim;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === DIMENSION.value) {
      const size = cursor.integer("a dimension");
      dim = size < 0 ? undefined : size;
    } else if (cursor.field === DIMENSION.param) dim = cursor.string("a dimension's symbol") || undefined;
    if (dim === undefined || cursor.field > DIMENSION.param) fidelity.exact = false;
  }
  cursor.leave(outer);
  return dim;
}

/** Reads the values of a repeated int64 field, which are written one by one or packed. */
export function readIntegers(cursor: Cursor, into: bigint[]): void {
  if (cursor.wireType === VARINT) {
    cursor.allowance.take(COST.entry);
    into.push(cursor.bigint());
  } else forPacked(cursor, (reader) => into.push(signed(reader.int64())));
}

interface Long {
  readonly low: number;
  readonly high: number;
}

function signed(long: Long): bigint {
  return (BigInt(long.high) << 32n) | BigInt(long.low >>> 0);
}

/** Calls `take` for each packed value of the current field; it must read one. */
export function forPacked(cursor: Cursor, take: (reader: PackedReader) => void): void {
  if (cursor.wireType !== DELIMITED) throw cursor.wrongWireType();
  const reader = cursor.packed();
  try {
    while (reader.pos < reader.len) {
      cursor.allowance.take(COST.entry);
      take(reader);
    }
  } catch (cause) {
    if (cause instanceof NormfoldError) throw cause;
    throw errors.packedListIsMalformed().at({ offset: cursor.start }).because(cause);
  }
}

export type PackedReader = ReturnType<Cursor["packed"]>;
