import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { memorySource } from "../../src/base/bytes.js";
import { NormfoldError } from "../../src/base/errors.js";
import type { Model } from "../../src/ir/model.js";
import { type DecodeOptions, decodeModel } from "../../src/proto/decode.js";
import { type EncodeOptions, encodeModel } from "../../src/proto/encode.js";

const text = readFileSync(new URL("onnx-ir14.proto", import.meta.url), "utf8");
const schema = protobuf.parse(text, { keepCase: true }).root;

/** A plain message of the schema, fields by their ONNX names. */
export type Message = Readonly<Record<string, unknown>>;

/** Bytes of a message of the full IR-14 schema, as protobufjs writes them. */
export function wire(type: string, message: Message): Uint8Array {
  const known = schema.lookupType(`onnx.${type}`);
  // A plain array: slices of the Buffer that protobufjs gives would not copy.
  return new Uint8Array(known.encode(known.fromObject(message)).finish());
}

/** The message as protobufjs reads it with the full schema. */
export function seen(bytes: Uint8Array): Message {
  const known = schema.lookupType("onnx.ModelProto");
  return known.toObject(known.decode(bytes), { longs: String, bytes: String });
}

export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Model {
  return decodeModel(memorySource(bytes), options);
}

export function encode(model: Model, options: EncodeOptions = {}): Uint8Array {
  return joined(encodeModel(model, options));
}

export function joined(
  file: ReturnType<typeof encodeModel> | NonNullable<ReturnType<typeof encodeModel>["external"]>,
): Uint8Array {
  const parts = [...file.chunks()].map((chunk) =>
    chunk instanceof Uint8Array ? chunk : chunk.source.read(chunk.offset, chunk.length),
  );
  const bytes = Buffer.concat(parts);
  if (bytes.length !== file.byteLength)
    throw new Error(`${bytes.length} bytes instead of ${file.byteLength}`);
  return new Uint8Array(bytes);
}

/** A model around `graph`: x -> Identity -> y unless it says otherwise. */
export function modelMessage(graph: Message = {}, model: Message = {}): Message {
  return {
    ir_version: 14,
    graph: {
      node: [{ input: ["x"], output: ["y"], op_type: "Identity" }],
      name: "g",
      input: [floatInfo("x")],
      output: [floatInfo("y")],
      ...graph,
    },
    opset_import: [{ domain: "", version: 20 }],
    ...model,
  };
}

export function modelBytes(graph: Message = {}, model: Message = {}): Uint8Array {
  return wire("ModelProto", modelMessage(graph, model));
}

export function floatInfo(name: string): Message {
  const dim = [{ dim_param: "N" }, { dim_value: 3 }];
  return { name, type: { tensor_type: { elem_type: 1, shape: { dim } } } };
}

export function text8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** The error that `body` ends in; fails when it ends well or in anything but a NormfoldError. */
export function failure(body: () => unknown): NormfoldError {
  try {
    body();
  } catch (error) {
    if (error instanceof NormfoldError) return error;
    throw error;
  }
  throw new Error("it should have failed");
}

const folder = fileURLToPath(new URL("../../../shared/models", import.meta.url));

/** Models beside the repository, if they are there. */
export function sharedModels(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".onnx"))
    .sort()
    .map((name) => `${folder}/${name}`);
}
