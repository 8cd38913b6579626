import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import { ISOLATION } from "../options/optimize.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues } from "../options/validate.js";
import { encodeModel, encodeToBytes } from "../proto/encode.js";
import { ready, type StagedModel } from "../runtime/checker-options.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { runtimeForm } from "../staging/form.js";
import { type ModelSummary, summarize } from "./summary.js";

/** Larger models are handed to the runtime in a temporary file: protobuf, and one allocation, end at 2 GB. */
const IN_MEMORY_LIMIT = 2 ** 30;
/** So are these to one in another process: a file is written and read in long pieces, a pipe in short ones. */
const SENT_LIMIT = 2 ** 24;

/** Makes a model ready for a runtime to open, in the form that the runtime takes. */
export async function stage(model: Model, options: RuntimeOptions = {}): Promise<StagedModel> {
  const form = runtimeForm(model);
  const size = encodeModel(form, { embedExternal: true }).byteLength;
  if (size <= (isIsolated(options) ? SENT_LIMIT : IN_MEMORY_LIMIT)) return inMemory(form);
  const { writeTemporaryModel } = await import("../node/files.js");
  try {
    return await writeTemporaryModel(form);
  } catch (error) {
    // There may be no room for a file.
    if (size <= IN_MEMORY_LIMIT && error instanceof NormfoldError && error.code === "io")
      return inMemory(form);
    throw error;
  }
}

function inMemory(form: Model): StagedModel {
  return ready({ kind: "bytes", bytes: encodeToBytes(form) });
}

function isIsolated({ isolation, runtime }: RuntimeOptions): boolean {
  return isolation === "process" && runtime === undefined;
}

/** Stages a model while `use` runs on it. */
export async function withStaged<T>(
  model: Model,
  options: RuntimeOptions,
  use: (staged: RuntimeModel) => Promise<T>,
): Promise<T> {
  const staged = await stage(model, options);
  try {
    return await use(staged.model);
  } finally {
    await staged.dispose();
  }
}

/** Where models run. */
export interface RuntimeOptions extends OptionsOf<typeof ISOLATION> {
  /** Another runtime than onnxruntime-node, for instance over onnxruntime-web. */
  readonly runtime?: Runtime;
}

/**
 * The given runtime, or onnxruntime, in a process of its own where the options ask for it: it takes a good part of a second to
 * load, so it is loaded on the first call. `model` is the largest that will run; default limits grow with it.
 */
export function lazyRuntime(model: Model, options: RuntimeOptions): () => Promise<Runtime> {
  const { runtime: given, isolation = "none" } = options;
  assertValues(ISOLATION, options);
  let loaded: Promise<Runtime> | undefined = given === undefined ? undefined : Promise.resolve(given);
  return () => {
    loaded ??= isolation === "process" ? isolated(model, options) : inProcess();
    return loaded;
  };
}

/** Lets a process that runs models beside this one be answered; undefined where there is none. */
export async function pauseFor(options: RuntimeOptions): Promise<(() => Promise<void>) | undefined> {
  if (!isIsolated(options)) return undefined;
  const { turnEventLoop } = await import("../isolation/isolated-runtime.js");
  return turnEventLoop;
}

async function inProcess(): Promise<Runtime> {
  const { defaultRuntime } = await import("../runtime/ort.js");
  return defaultRuntime();
}

/** Bytes that running the model may take. */
export function memoryFor({ parameterBytes }: ModelSummary, { memoryLimit }: RuntimeOptions): number {
  return memoryLimit ?? 4 * 2 ** 30 + 8 * parameterBytes;
}

async function isolated(model: Model, options: RuntimeOptions): Promise<Runtime> {
  const { isolatedRuntime } = await import("../isolation/isolated-runtime.js");
  const summary = summarize(model);
  return isolatedRuntime({
    timeout: options.timeout ?? 60 + Math.round(summary.parameterBytes / 2 ** 20),
    memory: memoryFor(summary, options),
  });
}
