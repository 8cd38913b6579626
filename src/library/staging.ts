import type { Model } from "../ir/model.js";
import { encodeModel, encodeToBytes } from "../proto/encode.js";
import type { StagedModel } from "../runtime/check.js";
import { ready } from "../runtime/checker-options.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { runtimeForm } from "../staging/form.js";

/** Larger models are handed to the runtime in a temporary file: protobuf, and one allocation, end at 2 GB. */
const IN_MEMORY_LIMIT = 2 ** 30;

/** Makes a model ready for a runtime to open, in the form that the runtime takes. */
export async function stage(model: Model): Promise<StagedModel> {
  const form = runtimeForm(model);
  if (encodeModel(form, { embedExternal: true }).byteLength <= IN_MEMORY_LIMIT) {
    return ready({ kind: "bytes", bytes: encodeToBytes(form) });
  }
  const { writeTemporaryModel } = await import("../node/files.js");
  return writeTemporaryModel(form);
}

/** Stages a model while `use` runs on it. */
export async function withStaged<T>(model: Model, use: (staged: RuntimeModel) => Promise<T>): Promise<T> {
  const staged = await stage(model);
  try {
    return await use(staged.model);
  } finally {
    await staged.dispose();
  }
}

/** The given runtime, or onnxruntime: it takes a good part of a second to load, so it is loaded on the first call. */
export function lazyRuntime(given: Runtime | undefined): () => Promise<Runtime> {
  let loaded: Promise<Runtime> | undefined = given === undefined ? undefined : Promise.resolve(given);
  return () => {
    loaded ??= import("../runtime/ort.js").then(({ defaultRuntime }) => defaultRuntime());
    return loaded;
  };
}
