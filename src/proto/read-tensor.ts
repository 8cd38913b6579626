import { present } from "../base/assert.js";
import type { ByteRange } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import { product } from "../base/integers.js";
import type { SparseTensor } from "../ir/attribute.js";
import { bitsOf, byteLengthOf, type DType } from "../ir/dtype.js";
import { Tensor, type TensorData, type TensorMeta } from "../ir/tensor.js";
import { COST } from "./allowance.js";
import { errors } from "./errors.js";
import { externalData, externalLocation, type TensorContext } from "./external.js";
import { readDType, readEntry, readIntegers } from "./read-leaf.js";
import { SPARSE, TENSOR } from "./schema.js";
import { countTyped, decodeTyped, entriesOf, isTypedField, typedFieldOf } from "./typed-data.js";
import { type Cursor, DELIMITED } from "./wire.js";

/** The fields of a TensorProto, before they are put together. */
interface TensorFields {
  readonly wire: ByteRange;
  readonly dims: bigint[];
  /** The element type; undefined for a code that this version does not know. */
  dtype: DType | undefined;
  name: string | undefined;
  docString: string | undefined;
  raw: ByteRange | undefined;
  /** The typed fields (float_data, ...) with their numbers of entries, and the place of a field that is one packed list. */
  readonly typed: Map<number, { count: number; only: ByteRange | undefined }>;
  readonly strings: Uint8Array[];
  readonly external: Map<string, string>;
  isExternal: boolean;
}

/** Reads a TensorProto but its elements, which stay where they are; their number is checked against the dims. */
export function readTensor(cursor: Cursor, context: TensorContext): Tensor {
  cursor.allowance.take(COST.tensor);
  const { start } = cursor;
  const fields = readFields(cursor);
  const { name, docString, wire } = fields;
  try {
    const meta: TensorMeta = { name, docString, wire };
    const dims = checkedDims(fields.dims);
    return new Tensor(fields.dtype ?? "undefined", dims, tensorData(fields, dims, context), meta);
  } catch (error) {
    if (!(error instanceof NormfoldError)) throw error;
    throw error.at({ element: name ? `tensor "${name}"` : "tensor", offset: start });
  }
}

function readFields(cursor: Cursor): TensorFields {
  const fields: TensorFields = {
    wire: cursor.range(),
    dims: [],
    dtype: "undefined",
    name: undefined,
    docString: undefined,
    raw: undefined,
    typed: new Map(),
    strings: [],
    external: new Map(),
    isExternal: false,
  };
  const outer = cursor.enter();
  while (cursor.next()) readField(cursor, fields);
  cursor.leave(outer);
  return fields;
}

function readField(cursor: Cursor, fields: TensorFields): void {
  switch (cursor.field) {
    case TENSOR.dims:
      readIntegers(cursor, fields.dims);
      break;
    case TENSOR.dataType:
      fields.dtype = readDType(cursor);
      break;
    case TENSOR.segment:
      throw errors.tensorIsInSegments().at({ offset: cursor.start });
    case TENSOR.name:
      fields.name = cursor.string("the name of a tensor");
      break;
    case TENSOR.docString:
      fields.docString = cursor.text();
      break;
    case TENSOR.rawData:
      fields.raw = cursor.range();
      break;
    case TENSOR.stringData:
      cursor.allowance.take(COST.pair);
      fields.strings.push(cursor.bytes());
      break;
    case TENSOR.externalData: {
      const [key, value] = readEntry(cursor, "external data");
      fields.external.set(key, value);
      break;
    }
    case TENSOR.dataLocation:
      fields.isExternal = cursor.integer("a data location") === 1;
      break;
    default:
      if (isTypedField(cursor.field)) countField(cursor, fields);
  }
}

function countField(cursor: Cursor, fields: TensorFields): void {
  const seen = fields.typed.get(cursor.field);
  const only = seen === undefined && cursor.wireType === DELIMITED ? cursor.range() : undefined;
  fields.typed.set(cursor.field, { count: (seen?.count ?? 0) + countTyped(cursor), only });
}

/** Elements of 128 bits, the largest there are, must still be addressable with exact numbers. */
const MOST_ELEMENTS = BigInt(Number.MAX_SAFE_INTEGER) / 128n;
const MOST_DIMS = 1024;

function checkedDims(dims: readonly bigint[]): number[] {
  if (dims.length > MOST_DIMS) throw errors.rankIsTooHigh(dims.length);
  const empty = dims.includes(0n);
  let size = 1n;
  for (const dim of dims) {
    if (dim < 0n) throw errors.dimIsNegative(dim, dims);
    // Beside a zero the product of the dims does not matter, but each must be a number that fits.
    size = empty ? dim : size * dim;
    if (size > MOST_ELEMENTS) throw errors.dimsOverflow(dims);
  }
  return dims.map(Number);
}

function tensorData(fields: TensorFields, dims: readonly number[], context: TensorContext): TensorData {
  const { dtype, raw, wire, strings, typed } = fields;
  const size = product(dims);
  const empty: TensorData = {
    kind: "range",
    range: { source: wire.source, offset: wire.offset + wire.length, length: 0 },
  };
  if (dtype === undefined) return raw === undefined ? empty : { kind: "range", range: raw };
  if (dtype === "string") {
    if (fields.isExternal || raw !== undefined) throw errors.stringsAreRaw();
    checkCount(dims, size, strings.length);
    return { kind: "strings", values: strings };
  }
  const byteLength = byteLengthOf(dtype, size);
  if (fields.isExternal) return externalData(externalLocation(fields.external), byteLength, context);
  if (raw !== undefined && (raw.length > 0 || typed.size === 0)) {
    if (raw.length !== byteLength) {
      throw errors.rawDataSizeDiffers(raw.length, dtype, dims, byteLength);
    }
    return { kind: "range", range: raw };
  }
  if (dtype === "undefined") {
    if (typed.size > 0 || dims.length > 0) throw errors.elementTypeIsMissing();
    return empty;
  }
  const field = typedFieldOf(dtype);
  const entries = typed.get(field);
  const stray = [...typed].find(([other, { count }]) => other !== field && count > 0);
  if (stray !== undefined) throw errors.dataIsInWrongField(dtype, stray[0], field);
  checkCount(dims, entriesOf(dtype, size), entries?.count ?? 0);
  if (entries === undefined || size === 0) return empty;
  // A packed float or double list is laid out as raw_data is.
  if (entries.only?.length === byteLength && bitsOf(dtype) >= 32 && isFixed(field)) {
    return { kind: "range", range: entries.only };
  }
  return { kind: "computed", compute: () => decodeTyped(wire, field, dtype, size) };
}

function isFixed(field: number): boolean {
  return field === TENSOR.floatData || field === TENSOR.doubleData;
}

function checkCount(dims: readonly number[], needed: number, found: number): void {
  if (needed !== found) throw errors.entryCountDiffers(found, dims, needed);
}

/** Reads a SparseTensorProto. `values.meta.name` is the initializer's name. */
export function readSparse(cursor: Cursor, context: TensorContext): SparseTensor {
  const { start } = cursor;
  const wire = cursor.bytes();
  const dims: bigint[] = [];
  let values: Tensor | undefined;
  let indices: Tensor | undefined;
  const outer = cursor.enter();
  while (cursor.next()) {
    if (cursor.field === SPARSE.values) values = readTensor(cursor, context);
    else if (cursor.field === SPARSE.indices) indices = readTensor(cursor, context);
    else if (cursor.field === SPARSE.dims) readIntegers(cursor, dims);
  }
  cursor.leave(outer);
  if (values === undefined || indices === undefined) {
    throw errors.sparseTensorIsIncomplete().at({ offset: start });
  }
  try {
    const sparse = { values, indices, dims: checkedDims(dims), wire };
    checkSparse(sparse);
    return sparse;
  } catch (error) {
    if (!(error instanceof NormfoldError)) throw error;
    throw error.at({ element: `sparse tensor "${values.meta.name ?? ""}"`, offset: start });
  }
}

/** Throws "invalid" unless values are [n], and indices [n] into the flattened tensor or [n, rank]. */
function checkSparse(sparse: SparseTensor): void {
  const { values, indices, dims } = sparse;
  const [count] = values.dims;
  if (values.dims.length !== 1) throw errors.sparseValuesAreNoVector(values.dims.length);
  const shape = indices.dims;
  const fits = shape.length === 1 ? shape[0] === count : shape[0] === count && shape[1] === dims.length;
  if (!fits || shape.length < 1 || shape.length > 2) {
    throw errors.sparseIndicesDoNotFit(shape, present(count, "rank 1"), dims.length);
  }
}
