import { type ByteSource, memorySource } from "../base/bytes.js";
import type { DType } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { LOAD } from "../options/common.js";
import type { OptionsOf } from "../options/spec.js";
import { settle } from "../options/validate.js";
import { Allowance } from "../proto/allowance.js";
import { type ModelProtoObject, modelFromProto } from "../proto/objects.js";
import type { FeedSet } from "../runtime/feeds.js";
import type { RuntimeTensor } from "../runtime/runtime.js";
import { openModel } from "../text/open.js";
import { errors } from "./errors.js";
import { assertModel } from "./model-argument.js";

/** The source of a model: a path or file URL, bytes, any byte source, or an object of the onnx-proto package. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | ByteSource | ModelProtoObject;

/** How a model's external data is read. */
export interface LoadOptions extends OptionsOf<typeof LOAD> {
  /** Load a model whose external files are missing; their tensors cannot be read then. */
  readonly allowMissingExternalData?: boolean;
}

/**
 * Reads a model, in binary form or in ONNX's textual syntax as `print` writes it; its content says which. From a file, tensors
 * stay where they are until their bytes are wanted.
 * Throws NormfoldError "io" when it cannot be read, "invalid" when it is no valid ONNX model, "usage" for a source of no
 * known kind, "unsupported" where its parts would take more than `modelMemory`.
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  const { modelMemory } = settle(LOAD, options);
  if (typeof source === "string" || source instanceof URL) {
    const { openModelFile } = await import("../node/files.js");
    return openModelFile(source, { ...options, modelMemory });
  }
  const allowMissingExternal = options.allowMissingExternalData ?? false;
  const decoding = { allowMissingExternal, allowance: new Allowance(modelMemory) };
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
  if (bytes instanceof Uint8Array) return openModel(memorySource(bytes), decoding);
  // The types rule out the rest, but callers from JavaScript have none.
  if (typeof bytes !== "object" || bytes === null) throw errors.sourceIsNoModel(bytes);
  if (isByteSource(bytes)) return openModel(bytes, decoding);
  return modelFromProto(bytes);
}

function isByteSource(source: ByteSource | ModelProtoObject): source is ByteSource {
  return "read" in source && typeof source.read === "function";
}

/**
 * Reads data for a model's inputs from an .npz, .npy or .pb file or an ONNX test_data_set folder; a folder of those gives
 * several sets. Throws NormfoldError "io", "invalid" or "usage" with the file and the fault.
 */
export async function loadData(model: Model, path: string): Promise<readonly FeedSet[]> {
  assertModel(model);
  const { readFeeds } = await import("../node/feeds.js");
  const ports = (values: readonly Value[]): { name: string; dtype: DType | undefined }[] =>
    values.map(({ name, type }) => ({ name, dtype: type?.kind === "tensor" ? type.dtype : undefined }));
  const inputs = model.graph.inputs.filter((value) => value.tensor === undefined);
  return readFeeds(path, { inputs: ports(inputs), outputs: ports(model.graph.outputs) });
}

/**
 * Reads the class of each sample from an .npy, .npz or .pb file, for `check` with topK. Throws NormfoldError "io", "invalid" or
 * "usage" with the file and the fault.
 */
export async function loadLabels(path: string): Promise<RuntimeTensor> {
  const { readLabels } = await import("../node/feeds.js");
  return readLabels(path);
}

/**
 * The data in the test_data_set_* folders beside a model's file; undefined where there are none. Throws NormfoldError as
 * `loadData` does.
 */
export async function loadTestData(model: Model, modelPath: string): Promise<readonly FeedSet[] | undefined> {
  const sets: FeedSet[] = [];
  for (const folder of await findTestData(modelPath)) sets.push(...(await loadData(model, folder)));
  return sets.length === 0 ? undefined : sets;
}

/** The test_data_set_* folders beside a model's file, in the order of their numbers. Throws "io" without its folder. */
export async function findTestData(modelPath: string): Promise<readonly string[]> {
  const feeds = await import("../node/feeds.js");
  return feeds.testDataFolders(modelPath);
}
