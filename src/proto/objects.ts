import type { onnx } from "onnx-proto";
import { memorySource } from "../base/bytes.js";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import { decodeModel } from "./decode.js";
import { encodeToBytes } from "./encode.js";

/**
 * Objects of the onnx-proto package (ONNX 1.10, IR version 8). They go through bytes: its encoder and decoder are the
 * definition of what its objects mean. The package is loaded on first use only.
 */
async function load(): Promise<typeof onnx> {
  const module = await import("onnx-proto");
  return module.onnx;
}

/** The model that an onnx-proto object describes. Throws NormfoldError "invalid" like decodeModel. */
export async function modelFromProto(proto: onnx.IModelProto): Promise<Model> {
  const { ModelProto } = await load();
  let bytes: Uint8Array;
  try {
    bytes = ModelProto.encode(proto).finish();
  } catch (cause) {
    throw new NormfoldError(
      "invalid",
      "this is not a ModelProto object of the onnx-proto package",
      {},
      { cause },
    );
  }
  return decodeModel(memorySource(bytes));
}

/**
 * The model as an onnx-proto object, all tensors in memory. onnx-proto knows ONNX 1.10 and drops what is newer: metadata
 * of nodes, graphs and values, overloads, attribute defaults of functions, device configurations.
 */
export async function modelToProto(model: Model): Promise<onnx.ModelProto> {
  const { ModelProto } = await load();
  return ModelProto.decode(encodeToBytes(model));
}
