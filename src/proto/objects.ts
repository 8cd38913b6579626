import { memorySource } from "../base/bytes.js";
import type { Model } from "../ir/model.js";
import { decodeModel } from "./decode.js";
import { encodeToBytes } from "./encode.js";
import { errors } from "./errors.js";

/**
 * A ModelProto as the onnx-proto package and other generated decoders hold it, by its fields. Their own types are not
 * named here: onnx-proto's do not compile in a project that checks its libraries.
 */
export interface ModelProtoObject {
  /** ir_version. */
  readonly irVersion?: unknown;
  /** opset_import. */
  readonly opsetImport?: unknown;
  /** graph. */
  readonly graph?: unknown;
}

/** A generated message class: `onnx.ModelProto` of onnx-proto, or of a newer schema compiled with protobufjs. */
export interface ModelProtoClass<T> {
  /** The message in protobuf bytes. */
  decode(bytes: Uint8Array): T;
}

/**
 * The model that an onnx-proto object describes. The package's own encoder makes bytes of the object, because only that
 * encoder defines what its objects mean. Throws NormfoldError "invalid" as loadModel does.
 */
export async function modelFromProto(proto: ModelProtoObject): Promise<Model> {
  // Node finds no named exports in this CommonJS package, only its default export.
  const { onnx } = (await loading(import("onnx-proto"))).default;
  let bytes: Uint8Array;
  try {
    bytes = onnx.ModelProto.encode(onnx.ModelProto.fromObject(proto)).finish();
  } catch (cause) {
    throw errors.objectIsNotModel().because(cause);
  }
  return decodeModel(memorySource(bytes));
}

async function loading<T>(module: Promise<T>): Promise<T> {
  try {
    return await module;
  } catch (error) {
    throw errors.objectPackageIsMissing().because(error);
  }
}

/**
 * The model as an object of `messages`, all tensors in memory: `modelToProto(model, onnx.ModelProto)`. onnx-proto knows
 * ONNX 1.10 and drops newer fields: metadata of nodes, graphs and values, overloads, attribute defaults of functions, device
 * configurations.
 */
export function modelToProto<T>(model: Model, messages: ModelProtoClass<T>): T {
  return messages.decode(encodeToBytes(model));
}
