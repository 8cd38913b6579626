import type { ByteRange } from "../base/bytes.js";
import type { Model } from "../ir/model.js";
import type { ExternalLocation, Tensor, TensorData } from "../ir/tensor.js";
import { errors } from "./errors.js";
import { UnknownFieldWriter } from "./raw-fields.js";
import { MODEL } from "./schema.js";
import { type Piece, Sink } from "./sink.js";
import { writeFunction, writeGraph } from "./write-graph.js";
import { writeMetadata, writeOpset } from "./write-leaf.js";
import { elements, externalOf, type TensorPlan } from "./write-tensor.js";

/** A file to be written: its size, known before any tensor is read, and its bytes in order. */
export interface EncodedFile {
  readonly byteLength: number;
  /**
   * The bytes, in order. The caller reads the ranges piece by piece; computed tensors are computed when the iteration reaches
   * them. Throws "usage" for 2 GB and more, which protobuf does not allow.
   */
  chunks(): Iterable<Uint8Array | ByteRange>;
}

/** A model that is ready to be written. */
export interface EncodedModel extends EncodedFile {
  /** The external data file of the model, if options ask for one. */
  readonly external: (EncodedFile & { readonly location: string }) | undefined;
}

/** The file for external data, and the tensors that go there. */
export interface ExternalDataOptions {
  /** Name of the data file, in the model's folder. */
  readonly location: string;
  /** Tensors of at least this many bytes go there. Default 1024. */
  readonly threshold?: number;
}

/** The places to which the elements of tensors are written. */
export interface EncodeOptions {
  /** Move big tensors to a data file of their own. */
  readonly externalData?: ExternalDataOptions;
  /**
   * Take the elements in external files into the model. By default they stay where they are, and the files are still
   * needed.
   */
  readonly embedExternal?: boolean;
}

/** Lays the model out as a ModelProto. Tensors are neither read nor computed until `chunks` reaches them. */
export function encodeModel(model: Model, options: EncodeOptions = {}): EncodedModel {
  const data = options.externalData === undefined ? undefined : planExternal(model, options.externalData);
  const plan: TensorPlan = {
    placed: data?.placed ?? new Map<TensorData, ExternalLocation>(),
    embed: data !== undefined || (options.embedExternal ?? false),
  };
  const sink = new Sink();
  writeModel(sink, model, plan);
  const byteLength = sink.length;
  return {
    byteLength,
    external: data,
    chunks: () => {
      if (byteLength >= MESSAGE_LIMIT) throw errors.modelIsTooLargeForOneFile();
      return resolve(sink.pieces());
    },
  };
}

/** Protocol Buffers' limit on the bytes of a message. */
export const MESSAGE_LIMIT: number = 2 ** 31;

/** The model as one file in memory, external data included. */
export function encodeToBytes(model: Model): Uint8Array {
  const encoded = encodeModel(model, { embedExternal: true });
  if (encoded.byteLength >= MESSAGE_LIMIT) throw errors.modelIsTooLargeForOneFile();
  const bytes = new Uint8Array(encoded.byteLength);
  let at = 0;
  for (const chunk of encoded.chunks()) {
    bytes.set(chunk instanceof Uint8Array ? chunk : chunk.source.read(chunk.offset, chunk.length), at);
    at += chunk.length;
  }
  return bytes;
}

function* resolve(pieces: readonly Piece[]): Generator<Uint8Array | ByteRange, void, undefined> {
  for (const piece of pieces) yield "compute" in piece ? piece.compute() : piece;
}

function writeModel(sink: Sink, model: Model, plan: TensorPlan): void {
  const unknown = new UnknownFieldWriter(model.unknown);
  sink.integer(MODEL.irVersion, model.irVersion);
  sink.text(MODEL.producerName, model.producerName);
  sink.text(MODEL.producerVersion, model.producerVersion);
  sink.text(MODEL.domain, model.domain);
  sink.integer(MODEL.modelVersion, model.modelVersion);
  sink.text(MODEL.docString, model.docString);
  unknown.before(MODEL.graph, sink);
  writeGraph(sink, MODEL.graph, model.graph, plan, model.irVersion < 4);
  for (const opset of model.opsetImports) writeOpset(sink, MODEL.opsetImport, opset);
  unknown.before(MODEL.metadata, sink);
  writeMetadata(sink, MODEL.metadata, model.metadata);
  unknown.before(MODEL.trainingInfo, sink);
  for (const training of model.trainingInfo) sink.bytes(MODEL.trainingInfo, training.wire);
  unknown.before(MODEL.functions, sink);
  for (const def of model.functions) writeFunction(sink, MODEL.functions, def, plan);
  unknown.rest(sink);
}

const DEFAULT_THRESHOLD = 1024;
const PAGE = 4096;
const LINE = 64;
/** From this size on a tensor starts on a page, so that a runtime can map it. */
const PAGED = 2 ** 20;

interface ExternalPlan extends EncodedFile {
  readonly location: string;
  readonly placed: ReadonlyMap<TensorData, ExternalLocation>;
}

/** Where each big tensor goes in the data file; tensors that share their elements share the place. */
function planExternal(model: Model, options: ExternalDataOptions): ExternalPlan {
  const { location, threshold = DEFAULT_THRESHOLD } = options;
  const placed = new Map<TensorData, ExternalLocation>();
  const pieces: Piece[] = [];
  let end = 0;
  for (const tensor of storableTensors(model)) {
    const length = tensor.byteLength;
    if (placed.has(tensor.data) || tensor.data.kind === "strings" || length < Math.max(threshold, 1))
      continue;
    const alignment = length >= PAGED ? PAGE : LINE;
    const offset = Math.ceil(end / alignment) * alignment;
    if (offset > end) pieces.push(new Uint8Array(offset - end));
    pieces.push(elements(tensor));
    placed.set(tensor.data, { location, offset, length });
    end = offset + length;
  }
  return { location, placed, byteLength: end, chunks: () => resolve(pieces) };
}

/**
 * Initializers of all graphs, and attributes that are in external files already. Others are not moved: runtimes
 * cannot read them.
 */
function* storableTensors(model: Model): Generator<Tensor, void, undefined> {
  for (const graph of model.graphs()) {
    for (const value of graph.initializers) if (value.tensor !== undefined) yield value.tensor;
    for (const node of graph.nodes()) {
      for (const attr of node.attributes.values()) {
        if (attr.kind === "tensor" && externalOf(attr.value.data) !== undefined) yield attr.value;
      }
    }
  }
}
