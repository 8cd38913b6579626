import type { AccuracyReport } from "./accuracy.js";
import { type ByteSource, memorySource } from "./base/bytes.js";
import { NormfoldError } from "./base/errors.js";
import type { Numerics } from "./base/numerics.js";
import type { DType } from "./ir/dtype.js";
import type { Value } from "./ir/graph.js";
import { Model } from "./ir/model.js";
import { type RewriteOptions, rewriteModel } from "./optimize.js";
import { decodeModel } from "./proto/decode.js";
import { encodeModel, encodeToBytes } from "./proto/encode.js";
import { type ModelProtoObject, modelFromProto } from "./proto/objects.js";
import type { OptimizeReport } from "./report/report.js";
import { summarize } from "./report/summary.js";
import type { Evaluate } from "./rewrite/pass.js";
import {
  createChecker,
  type CheckOptions as RuntimeCheckOptions,
  type StagedModel,
} from "./runtime/check.js";
import type { CheckReport } from "./runtime/check-report.js";
import { evaluateConstants } from "./runtime/evaluate.js";
import type { FeedSet } from "./runtime/feeds.js";
import { describeInputs, precisionOf } from "./runtime/inputs.js";
import { perturbWeights } from "./runtime/perturb.js";
import { flattenedOutputs, probesOf, withProbes } from "./runtime/probes.js";
import type { Runtime, RuntimeModel } from "./runtime/runtime.js";

/** Where a model comes from: a path or file URL, bytes, any byte source, or an object of the onnx-proto package. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | ByteSource | ModelProtoObject;

export interface LoadOptions {
  /** Read external data outside the model's folder, or through a link out of it. Refused by default. */
  readonly allowOutsideExternalData?: boolean;
  /** Load a model whose external files are missing; their tensors cannot be read then. */
  readonly allowMissingExternalData?: boolean;
}

/**
 * Reads a model. From a file, tensors stay where they are until their bytes are wanted.
 * Throws NormfoldError "io" when it cannot be read, "invalid" when it is no valid ONNX model, "usage" for what is no source.
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  if (typeof source === "string" || source instanceof URL) {
    const { openModelFile } = await import("./node/files.js");
    return openModelFile(source, options);
  }
  const allowMissingExternal = options.allowMissingExternalData ?? false;
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
  if (bytes instanceof Uint8Array) return decodeModel(memorySource(bytes), { allowMissingExternal });
  // The types rule out the rest, but callers from JavaScript have none.
  if (typeof bytes !== "object" || bytes === null) {
    throw new NormfoldError("usage", `${String(bytes)} is no model; give a path, bytes or a model object`);
  }
  if (isByteSource(bytes)) return decodeModel(bytes, { allowMissingExternal });
  return modelFromProto(bytes);
}

function isByteSource(source: ByteSource | ModelProtoObject): source is ByteSource {
  return "read" in source && typeof source.read === "function";
}

/** The types rule it out, but callers from JavaScript have none, and forget to await a model. */
function assertModel(model: unknown): void {
  if (model instanceof Model) return;
  const hint = model instanceof Promise ? "await it first" : "loadModel and parse give one";
  throw new NormfoldError("usage", `${String(model)} is no model; ${hint}`);
}

/** The model as one ONNX file in memory, external data included. Throws "usage" above protobuf's 2 GB. */
export function modelToBytes(model: Model): Uint8Array {
  assertModel(model);
  return encodeToBytes(model);
}

/**
 * Reads data for a model's inputs from an .npz, .npy or .pb file or an ONNX test_data_set folder; a folder of those gives
 * several sets. Throws NormfoldError "io", "invalid" or "usage" with the file and what is wrong.
 */
export async function loadData(model: Model, path: string): Promise<readonly FeedSet[]> {
  assertModel(model);
  const { readFeeds } = await import("./node/datasets.js");
  const ports = (values: readonly Value[]): { name: string; dtype: DType | undefined }[] =>
    values.map(({ name, type }) => ({ name, dtype: type?.kind === "tensor" ? type.dtype : undefined }));
  const inputs = model.graph.inputs.filter((value) => value.tensor === undefined);
  return readFeeds(path, { inputs: ports(inputs), outputs: ports(model.graph.outputs) });
}

/** The test_data_set_* folders beside a model's file, in the order of their numbers. Throws "io" without its folder. */
export async function findTestData(modelPath: string): Promise<readonly string[]> {
  const datasets = await import("./node/datasets.js");
  return datasets.findTestData(modelPath);
}

export interface OptimizeOptions extends RewriteOptions {
  /** Compare the result with the original in onnxruntime and undo rewrites that change it. Default true. */
  readonly check?: boolean;
  /** Inputs to compare on. Without them they are generated: two sets, several sizes per symbolic dimension. */
  readonly data?: readonly FeedSet[];
  /** Sizes of generated inputs, by input name, the batch too: { x: [1, 3, 224, 224] }. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>>;
  /** Of generated inputs. Default 0. */
  readonly seed?: number;
  /** Measure how far original and result each are from a float64 evaluation of the original: `report.accuracy`. Slow. */
  readonly reference?: boolean;
  /** Another runtime than onnxruntime-node, for instance over onnxruntime-web. */
  readonly runtime?: Runtime;
  /** The original for the runtime to open, where it is a file that holds just `model`; by default it is written anew. */
  readonly original?: RuntimeModel;
  /** Ends it at the next chance, with the signal's reason as the error. */
  readonly signal?: AbortSignal;
}

/**
 * Optimizes a copy of the model and proves it: `report.check` says how the outputs compare in onnxruntime with its
 * own optimizations off. Rewrites that change them are undone and named in `report.rolledBack`. When the runtime
 * cannot run the original, `report.check.status` is "unchecked" and the caller decides.
 *
 * Throws NormfoldError "usage" for options that make no sense, "invalid" for data that does not fit the model, "check" when no
 * set of rewrites keeps the outputs, and "unsupported" where onnxruntime does not load or the model cannot be raised to `opset`.
 */
export async function optimize(
  model: Model,
  options: OptimizeOptions = {},
): Promise<{ readonly model: Model; readonly report: OptimizeReport }> {
  assertModel(model);
  const runtime = lazyRuntime(options.runtime);
  const evaluate: Evaluate = async (constants) => {
    const names = constants.graph.outputs.map((value) => value.name);
    const tensors = await evaluateConstants(await runtime(), constants, names);
    return names.flatMap((name) => tensors.get(name) ?? []);
  };
  const before = summarize(model);
  if (options.check === false) {
    const { model: result, ...log } = await rewriteModel(model, options, { evaluate });
    return { model: result, report: { before, after: summarize(result), ...log } };
  }
  // What goes into a Softmax at the end is compared with what comes out: saturated, it would hide a wrong rewrite.
  const probes = probesOf(model);
  const original = await (options.original === undefined || probes.length > 0
    ? stage(withProbes(model, probes))
    : given(options.original));
  const checker = await createChecker(original.model, await checkOptions(model, options, runtime, probes));
  try {
    const { model: result, ...log } = await rewriteModel(model, options, {
      evaluate,
      judge: (candidate, numerics) =>
        withStaged(withProbes(candidate, probes), (staged) => checker.compare(staged, numerics)),
    });
    const report = { before, after: summarize(result), ...log };
    if (!options.reference || checker.unchecked !== undefined) return { model: result, report };
    options.onStage?.("reference");
    const accuracy = await withStaged(result, (staged) => {
      return measureFiles(model, { original: original.model, result: staged }, checker.sets, runtime);
    });
    return { model: result, report: { ...report, accuracy } };
  } finally {
    await checker.close();
    await original.dispose();
  }
}

/** The evaluator is loaded only where it is asked for. */
async function measureFiles(
  model: Model,
  files: { readonly original: RuntimeModel; readonly result: RuntimeModel },
  sets: readonly FeedSet[],
  runtime: () => Promise<Runtime>,
): Promise<AccuracyReport> {
  const { measureModels } = await import("./accuracy.js");
  return measureModels(model, files, sets, await runtime());
}

async function withStaged<T>(model: Model, use: (staged: RuntimeModel) => Promise<T>): Promise<T> {
  const staged = await stage(model);
  try {
    return await use(staged.model);
  } finally {
    await staged.dispose();
  }
}

export interface CheckOptions
  extends Pick<OptimizeOptions, "data" | "inputShapes" | "seed" | "runtime" | "signal"> {
  /** How close the outputs must be. Default "rounding". */
  readonly numerics?: Numerics;
}

/**
 * Compares model `b` with `a` in onnxruntime, output by output, with its own optimizations off. A `b` that does not run
 * differs; where `a` does not run, nothing is said ("unchecked"). Throws NormfoldError as optimize does.
 */
export async function check(a: Model, b: Model, options: CheckOptions = {}): Promise<CheckReport> {
  assertModel(a);
  assertModel(b);
  const original = await stage(a);
  try {
    const checker = await createChecker(
      original.model,
      await checkOptions(a, options, lazyRuntime(options.runtime)),
    );
    const result = await stage(b);
    try {
      return await checker.compare(result.model, options.numerics ?? "rounding");
    } finally {
      await result.dispose();
      await checker.close();
    }
  } finally {
    await original.dispose();
  }
}

async function checkOptions(
  model: Model,
  options: CheckOptions,
  runtime: () => Promise<Runtime>,
  probes: readonly string[] = [],
): Promise<RuntimeCheckOptions> {
  const { data, inputShapes, signal, seed = 0 } = options;
  if (!Number.isInteger(seed) || seed < 0) {
    throw new NormfoldError("usage", `seed is ${seed}; give a whole number from 0 on`);
  }
  assertShapes(model, inputShapes);
  assertFits(model, data);
  return {
    runtime: await runtime(),
    seed,
    inputs: describeInputs(model),
    precision: precisionOf(model),
    noisy: (run) => stage(withProbes(perturbWeights(model, seed + run), probes)),
    optional: probes,
    flattened: flattenedOutputs(model),
    ...(data === undefined ? {} : { feeds: data }),
    ...(inputShapes === undefined ? {} : { shapes: inputShapes }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** What the runtime would refuse in words of its own, as if the model were at fault. */
function assertShapes(model: Model, shapes: CheckOptions["inputShapes"] = {}): void {
  for (const [name, sizes] of Object.entries(shapes)) {
    const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 0);
    if (wrong !== undefined) {
      throw new NormfoldError(
        "usage",
        `input "${name}" cannot have size ${wrong}; give whole numbers from 0 on`,
      );
    }
    const clash = contradiction(model, name, sizes);
    if (clash !== undefined) throw new NormfoldError("usage", `${clash} is given; leave it as it is`);
  }
}

function assertFits(model: Model, data: CheckOptions["data"]): void {
  if (data === undefined) return;
  if (data.length === 0)
    throw new NormfoldError("usage", "data is empty; give a set of inputs, or leave it out");
  for (const { name: set, feeds } of data) {
    for (const [name, { dims }] of feeds) {
      const clash = contradiction(model, name, dims);
      if (clash !== undefined) throw new NormfoldError("invalid", `${clash} in ${set}; give other data`);
    }
  }
}

/** Where sizes are not what the model declares. 0 and -1 are how some exporters write that a size is not known. */
function contradiction(model: Model, name: string, sizes: readonly number[]): string | undefined {
  const type = model.graph.inputs.find((value) => value.name === name)?.type;
  const declared = (type?.kind === "tensor" && type.shape) || [];
  const axis = declared.findIndex(
    (dim, at) => typeof dim === "number" && dim > 0 && dim !== (sizes[at] ?? dim),
  );
  return axis < 0
    ? undefined
    : `input "${name}" has size ${declared[axis]} in dimension ${axis} and ${sizes[axis]}`;
}

/** onnxruntime takes a good part of a second to load, so only what runs something loads it. */
function lazyRuntime(given: Runtime | undefined): () => Promise<Runtime> {
  let loaded: Promise<Runtime> | undefined = given === undefined ? undefined : Promise.resolve(given);
  return () => {
    loaded ??= import("./runtime/ort.js").then(({ defaultRuntime }) => defaultRuntime());
    return loaded;
  };
}

function given(model: RuntimeModel): Promise<StagedModel> {
  return Promise.resolve({ model, dispose: () => Promise.resolve() });
}

/** Larger models are handed to the runtime in a temporary file: protobuf, and one allocation, end at 2 GB. */
const IN_MEMORY_LIMIT = 2 ** 30;

async function stage(model: Model): Promise<StagedModel> {
  if (encodeModel(model, { embedExternal: true }).byteLength <= IN_MEMORY_LIMIT) {
    return given({ kind: "bytes", bytes: encodeToBytes(model) });
  }
  const { writeTemporaryModel } = await import("./node/files.js");
  return writeTemporaryModel(model);
}

export interface SaveOptions {
  /**
   * Put tensors of at least `threshold` bytes (default 1024) into a file of their own beside the model, named `location`
   * (default: the model's name with ".data"). true: with the defaults. false: everything into the model. Not given: as it
   * was; data files that lie beside `path` are used as they are.
   */
  readonly externalData?: boolean | { readonly threshold?: number; readonly location?: string };
}

/**
 * Writes a model through a temporary file, which takes the place of `path` only when it is whole; `files` lists the model
 * first and then its data. Throws NormfoldError "io" where it cannot be written, "usage" for a model above protobuf's 2 GB
 * without external data; nothing is left behind then.
 */
export async function saveModel(
  model: Model,
  path: string | URL,
  options: SaveOptions = {},
): Promise<{ readonly files: readonly { readonly path: string; readonly bytes: number }[] }> {
  assertModel(model);
  const { writeModelFile } = await import("./node/files.js");
  return writeModelFile(model, path, options);
}
