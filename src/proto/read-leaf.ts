import { concatBytes } from "../base/bytes.js";
import { type DType, dtypeFromCode } from "../ir/dtype.js";
import type { MetadataEntry, ValueInfo } from "../ir/graph.js";
import type { OpsetImport } from "../ir/model.js";
import type { Dim, ValueType } from "../ir/type.js";
import { DIMENSION, ENTRY, OPSET, SHAPE, TYPE, TYPE_MAP, TYPE_TENSOR, VALUE_INFO } from "./schema.js";
import { type Cursor, DELIMITED, VARINT } from "./wire.js";

/** Collects the fields of a message that normfold keeps without reading. */
export class Unknown {
  readonly #parts: Uint8Array[] = [];

  keep(field: Uint8Array): void {
    this.#parts.push(field);
  }

  get bytes(): Uint8Array | undefined {
    return this.#parts.length === 0 ? undefined : concatBytes(this.#parts);
  }
}

/** A doc string. One that is not UTF-8 is kept as it is and otherwise ignored: nothing depends on it. */
export function readDoc(cursor: Cursor, unknown: Unknown): string | undefined {
  const text = cursor.text();
  if (text === undefined) unknown.keep(cursor.raw());
  return text;
}

/** A metadata_props entry, added to `entries`. */
export function readMetadata(cursor: Cursor, entries: MetadataEntry[], unknown: Unknown): void {
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

/** key -> value of a StringStringEntryProto. */
export function readEntry(cursor: Cursor, what: string): readonly [key: string, value: string] {
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

export function readOpset(cursor: Cursor): OpsetImport {
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

export function readValueInfo(cursor: Cursor, order?: number): ValueInfo {
  const wire = cursor.bytes();
  const unknown = new Unknown();
  const metadata: MetadataEntry[] = [];
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
        docString = readDoc(cursor, unknown);
        break;
      case VALUE_INFO.metadata:
        readMetadata(cursor, metadata, unknown);
        break;
    }
  }
  cursor.leave(outer);
  return {
    name,
    ...(type === undefined ? {} : { type }),
    ...(docString === undefined ? {} : { docString }),
    ...(metadata.length === 0 ? {} : { metadata }),
    wire,
    ...(order === undefined ? {} : { order }),
  };
}

/** A TypeProto; undefined when it says nothing, or something newer than this version knows. */
export function readType(cursor: Cursor): ValueType | undefined {
  const wire = cursor.bytes();
  let type: ValueType | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    switch (cursor.field) {
      case TYPE.tensor:
        type = { kind: "tensor", ...readTensorType(cursor), wire };
        break;
      case TYPE.sparse:
        type = { kind: "sparse_tensor", ...readTensorType(cursor), wire };
        break;
      case TYPE.sequence:
        type = { kind: "sequence", element: readElementType(cursor), wire };
        break;
      case TYPE.optional:
        type = { kind: "optional", element: readElementType(cursor), wire };
        break;
      case TYPE.map:
        type = { kind: "map", ...readMapType(cursor), wire };
        break;
      case TYPE.opaque:
        type = { kind: "opaque", wire };
        break;
    }
  }
  cursor.leave(outer);
  return type;
}

function readTensorType(cursor: Cursor): { dtype: DType; shape: Dim[] | undefined } {
  let dtype: DType = "undefined";
  let shape: Dim[] | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === TYPE_TENSOR.elemType) dtype = readDType(cursor) ?? "undefined";
    else if (cursor.field === TYPE_TENSOR.shape) shape = readShape(cursor);
  }
  cursor.leave(outer);
  return { dtype, shape };
}

function readElementType(cursor: Cursor): ValueType | undefined {
  let element: ValueType | undefined;
  const outer = cursor.enter();
  while (cursor.next()) if (cursor.field === 1) element = readType(cursor);
  cursor.leave(outer);
  return element;
}

function readMapType(cursor: Cursor): { key: DType; value: ValueType | undefined } {
  let key: DType = "undefined";
  let value: ValueType | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === TYPE_MAP.key) key = readDType(cursor) ?? "undefined";
    else if (cursor.field === TYPE_MAP.value) value = readType(cursor);
  }
  cursor.leave(outer);
  return { key, value };
}

/** An element type; undefined for a code that this version does not know. */
export function readDType(cursor: Cursor): DType | undefined {
  return dtypeFromCode(cursor.integer("an element type"));
}

function readShape(cursor: Cursor): Dim[] {
  const shape: Dim[] = [];
  const outer = cursor.enter();
  while (cursor.next()) if (cursor.field === SHAPE.dim) shape.push(readDim(cursor));
  cursor.leave(outer);
  return shape;
}

/** Exporters write -1 and "" for a size they do not know. */
function readDim(cursor: Cursor): Dim {
  let dim: Dim;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === DIMENSION.value) {
      const size = cursor.integer("a dimension");
      dim = size < 0 ? undefined : size;
    } else if (cursor.field === DIMENSION.param) dim = cursor.string("a dimension's symbol") || undefined;
  }
  cursor.leave(outer);
  return dim;
}

/** The values of a repeated int64 field, written one by one or packed. */
export function readIntegers(cursor: Cursor, into: bigint[]): void {
  if (cursor.wireType === VARINT) into.push(cursor.bigint());
  else forPacked(cursor, (reader) => into.push(signed(reader.int64())));
}

interface Long {
  readonly low: number;
  readonly high: number;
}

function signed(long: Long): bigint {
  return (BigInt(long.high) << 32n) | BigInt(long.low >>> 0);
}

/** Calls `take` until the packed values of the current field are used up. */
export function forPacked(cursor: Cursor, take: (reader: PackedReader) => void): void {
  if (cursor.wireType !== DELIMITED) throw cursor.invalid(`field ${cursor.field} has a wrong wire type`);
  const reader = cursor.packed();
  try {
    while (reader.pos < reader.len) take(reader);
  } catch (cause) {
    throw cursor.damaged("a packed list is malformed", cursor.start, cause);
  }
}

export type PackedReader = ReturnType<Cursor["packed"]>;
