import type { SparseTensor } from "../ir/attribute.js";
import { dtypeCode } from "../ir/dtype.js";
import type { ExternalLocation, Tensor, TensorData } from "../ir/tensor.js";
import { errors } from "./errors.js";
import { ENTRY, SPARSE, TENSOR } from "./schema.js";
import { type Piece, Sink } from "./sink.js";
import { Cursor, DELIMITED } from "./wire.js";

/** The places to which the elements of tensors are written with a model. */
export interface TensorPlan {
  /** Elements that go to an external file, by identity: tensors may share them. */
  readonly placed: ReadonlyMap<TensorData, ExternalLocation>;
  /**
   * For elements in external files that are not placed: true takes them into the model, false leaves them where they
   * are.
   */
  readonly embed: boolean;
}

/** The place in an external file where the elements are now, if they are in one. */
export function externalOf(data: TensorData): ExternalLocation | undefined {
  return data.kind === "range" || data.kind === "missing" ? data.external : undefined;
}

/** True when the tensor cannot be written as it was read. */
export function moves(tensor: Tensor, plan: TensorPlan): boolean {
  return plan.placed.has(tensor.data) || (plan.embed && externalOf(tensor.data) !== undefined);
}

/** Writes a TensorProto field under `name`. */
export function writeTensor(
  sink: Sink,
  field: number,
  tensor: Tensor,
  name: string | undefined,
  plan: TensorPlan,
): void {
  const { wire } = tensor.meta;
  const moved = moves(tensor, plan);
  if (wire !== undefined && !moved && tensor.meta.name === name) {
    sink.header(field, wire.length);
    sink.piece(wire);
    return;
  }
  const message = new Sink();
  const parts = wire === undefined ? freshParts(tensor, plan) : keptParts(tensor, moved, plan);
  if (name !== undefined) parts.push({ field: TENSOR.name, write: (to) => to.text(TENSOR.name, name) });
  parts.sort((a, b) => a.field - b.field);
  for (const part of parts) part.write(message);
  sink.message(field, message);
}

interface Part {
  readonly field: number;
  readonly write: (sink: Sink) => void;
}

const DATA_FIELDS: ReadonlySet<number> = new Set([
  TENSOR.segment,
  TENSOR.floatData,
  TENSOR.int32Data,
  TENSOR.stringData,
  TENSOR.int64Data,
  TENSOR.rawData,
  TENSOR.doubleData,
  TENSOR.uint64Data,
  TENSOR.externalData,
  TENSOR.dataLocation,
]);

/** The fields of the TensorProto as it was read, without its name, and without its elements where these move. */
function keptParts(tensor: Tensor, moved: boolean, plan: TensorPlan): Part[] {
  const parts: Part[] = moved ? dataParts(tensor, plan) : [];
  const { wire } = tensor.meta;
  if (wire === undefined) return parts;
  const cursor = new Cursor(wire);
  while (cursor.next()) {
    const { field, wireType } = cursor;
    if (field === TENSOR.name || (moved && DATA_FIELDS.has(field))) continue;
    if (wireType === DELIMITED) {
      const range = cursor.range();
      parts.push({
        field,
        write: (sink) => {
          sink.header(field, range.length);
          sink.piece(range);
        },
      });
    } else {
      const raw = cursor.raw();
      parts.push({ field, write: (sink) => sink.raw(raw) });
    }
  }
  return parts;
}

function freshParts(tensor: Tensor, plan: TensorPlan): Part[] {
  const { docString } = tensor.meta;
  const { dtype, dims } = tensor;
  return [
    {
      field: TENSOR.dims,
      write: (sink) => {
        for (const dim of dims) sink.integer(TENSOR.dims, dim);
      },
    },
    { field: TENSOR.dataType, write: (sink) => sink.integer(TENSOR.dataType, dtypeCode(dtype)) },
    { field: TENSOR.docString, write: (sink) => sink.text(TENSOR.docString, docString) },
    ...dataParts(tensor, plan),
  ];
}

function dataParts(tensor: Tensor, plan: TensorPlan): Part[] {
  const { data } = tensor;
  const location = plan.placed.get(data) ?? (plan.embed ? undefined : externalOf(data));
  if (location !== undefined) return externalParts(location);
  if (data.kind === "strings") {
    const write = (sink: Sink): void => {
      for (const value of data.values) sink.bytes(TENSOR.stringData, value);
    };
    return [{ field: TENSOR.stringData, write }];
  }
  const piece = elements(tensor);
  const write = (sink: Sink): void => {
    sink.header(TENSOR.rawData, piece.length);
    sink.piece(piece);
  };
  return [{ field: TENSOR.rawData, write }];
}

function externalParts(external: ExternalLocation): Part[] {
  const entries: [string, string | undefined][] = [
    ["location", external.location],
    ["offset", String(external.offset)],
    ["length", external.length === undefined ? undefined : String(external.length)],
  ];
  const write = (sink: Sink): void => {
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      sink.nested(TENSOR.externalData, () => {
        sink.text(ENTRY.key, key);
        sink.text(ENTRY.value, value);
      });
    }
  };
  return [
    { field: TENSOR.externalData, write },
    { field: TENSOR.dataLocation, write: (sink) => sink.integer(TENSOR.dataLocation, 1) },
  ];
}

/** The tensor's elements in raw_data form, fetched when the output reaches them. */
export function elements(tensor: Tensor): Piece {
  if (tensor.data.kind === "range") return tensor.data.range;
  const length = tensor.byteLength;
  const compute = (): Uint8Array => {
    const bytes = tensor.bytes();
    if (bytes.length === length) return bytes;
    throw errors.computedSizeDiffers(tensor.meta.name ?? "", length, bytes.length);
  };
  return { length, compute };
}

/** True when the sparse tensor cannot be written as it was read. */
export function sparseMoves(sparse: SparseTensor, plan: TensorPlan): boolean {
  return moves(sparse.values, plan) || moves(sparse.indices, plan);
}

/** Writes a SparseTensorProto field. Its values carry the name. */
export function writeSparse(
  sink: Sink,
  field: number,
  sparse: SparseTensor,
  name: string | undefined,
  plan: TensorPlan,
): void {
  if (sparse.wire !== undefined && sparse.values.meta.name === name && !sparseMoves(sparse, plan)) {
    sink.bytes(field, sparse.wire);
    return;
  }
  const message = new Sink();
  writeTensor(message, SPARSE.values, sparse.values, name, plan);
  writeTensor(message, SPARSE.indices, sparse.indices, sparse.indices.meta.name, plan);
  for (const dim of sparse.dims) message.integer(SPARSE.dims, dim);
  sink.message(field, message);
}
