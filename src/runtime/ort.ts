import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { alignedBytes } from "../base/bytes.js";
import type { NormfoldError } from "../base/errors.js";
import { defined } from "../base/optional.js";
import type { DType } from "../ir/dtype.js";
import { typedView } from "../ir/tensor.js";
import { customOperatorReason } from "./custom-operators.js";
import { errors } from "./errors.js";
import type {
  Port,
  Runtime,
  RuntimeModel,
  RuntimeTensor,
  Session,
  SessionSettings,
  TensorMap,
} from "./runtime.js";

type Ort = typeof import("onnxruntime-node");

/**
 * Only these cross onnxruntime's JavaScript border. bfloat16, float8 and complex tensors do not; a 4-bit output ends the
 * whole process there (1.30), so that 4-bit types are not let through either.
 */
const ORT_TYPE: Partial<Readonly<Record<DType, OrtTensor.Type>>> = {
  float: "float32",
  uint8: "uint8",
  int8: "int8",
  uint16: "uint16",
  int16: "int16",
  int32: "int32",
  int64: "int64",
  string: "string",
  bool: "bool",
  float16: "float16",
  double: "float64",
  uint32: "uint32",
  uint64: "uint64",
};

const DTYPE_OF: ReadonlyMap<string, DType> = new Map(
  Object.entries(ORT_TYPE).map(([dtype, type]) => [type, dtype as DType]),
);

/**
 * Graph optimizations off: onnxruntime's default level is itself wrong on some graphs, so it cannot judge. No arena and
 * no memory pattern: they keep the peak of every shape that was ever run.
 */
const AS_IT_IS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  graphOptimizationLevel: "disabled",
  executionMode: "sequential",
  enableCpuMemArena: false,
  enableMemPattern: false,
  // Threads that wait for work in a loop take the processor from the process that rewrites.
  extra: { session: { intra_op: { allow_spinning: "0" } } },
  logSeverityLevel: 4,
};

/**
 * For models that run thousands of times with the same shapes. "all" adds only that constants of float16 models are cast
 * beforehand, and ends the whole process on some (1.30: a float16 Transpose in front of a MatMul).
 */
const FAST: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  graphOptimizationLevel: "layout",
  executionMode: "sequential",
  logSeverityLevel: 4,
};

let loading: Promise<Runtime> | undefined;

/** onnxruntime-node on the CPU with graph optimizations off. Loaded on the first call: most commands never need it. */
export function defaultRuntime(): Promise<Runtime> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Runtime> {
  // onnxruntime 1.30 sends usage events to its maker and leaves files in the home and temporary folders, unless told not to
  // before it is loaded. A user who wants that can say so.
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  let ort: Ort;
  try {
    ort = await import("onnxruntime-node");
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && /MODULE_NOT_FOUND$/.test(String(error.code));
    throw (isMissing ? errors.runtimeIsMissing() : errors.runtimeDoesNotLoad(shortReason(error))).because(
      error,
    );
  }
  ort.env.logLevel = "fatal";
  return {
    name: "onnxruntime",
    version: ort.env.versions.node ?? ort.env.versions.common,
    open: (model, options) => openSession(ort, model, options),
  };
}

async function openSession(ort: Ort, model: RuntimeModel, options: SessionSettings = {}): Promise<Session> {
  const sessionOptions: InferenceSession.SessionOptions = {
    ...(options.optimize ? FAST : AS_IT_IS),
    ...(options.planMemory === false ? { enableMemPattern: false } : {}),
    ...defined({ intraOpNumThreads: options.threads }),
  };
  let session: InferenceSession;
  try {
    session = await createSession(ort, model, sessionOptions);
  } catch (error) {
    throw translated(error, "onnxruntime cannot load the model");
  }
  const outputs = session.outputMetadata.map(portOf);
  const inputs = session.inputMetadata.map(portOf);
  return {
    inputs,
    outputs,
    run: async (feeds, wanted) => {
      const names = wanted ?? outputs.flatMap((port) => (port.dtype === undefined ? [] : [port.name]));
      if (names.length === 0) throw errors.modelHasNoTensorOutput();
      return await runSession(ort, session, inputs, feeds, names);
    },
    close: () => session.release(),
  };
}

/** The name that onnxruntime 1.30 gives values it puts behind operators without a float16 kernel. */
const OWN_CASTS = /InsertedPrecisionFreeCast/;

/**
 * Without its optimizations onnxruntime 1.30 refuses valid models where a Cast to float16 follows such an operator: its
 * own Casts and this one contradict each other until the level "basic" has merged them. Only these models get that
 * level.
 */
async function createSession(
  ort: Ort,
  model: RuntimeModel,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const create = (given: InferenceSession.SessionOptions): Promise<InferenceSession> =>
    model.kind === "path"
      ? ort.InferenceSession.create(model.path, given)
      : ort.InferenceSession.create(model.bytes, given);
  try {
    return await create(options);
  } catch (error) {
    if (!OWN_CASTS.test(String(error)) || options.graphOptimizationLevel !== "disabled") throw error;
    return await create({ ...options, graphOptimizationLevel: "basic" });
  }
}

async function runSession(
  ort: Ort,
  session: InferenceSession,
  inputs: readonly Port[],
  feeds: TensorMap,
  outputs: readonly string[],
): Promise<Map<string, RuntimeTensor>> {
  const ortFeeds: Record<string, OrtTensor> = {};
  for (const { name, dtype } of inputs) {
    const tensor = feeds.get(name);
    if (tensor === undefined) {
      throw dtype === undefined ? errors.inputCannotBeFed(name) : errors.inputIsNotFed(name);
    }
    ortFeeds[name] = toOrt(ort, name, tensor);
  }
  let results: InferenceSession.OnnxValueMapType;
  try {
    results = await session.run(ortFeeds, outputs);
  } catch (error) {
    throw translated(error, "onnxruntime cannot run the model");
  }
  return new Map(outputs.map((name) => [name, fromOrt(name, results[name])]));
}

function portOf(metadata: InferenceSession.ValueMetadata): Port {
  if (!metadata.isTensor) return { name: metadata.name, dtype: undefined, shape: [] };
  return {
    name: metadata.name,
    dtype: DTYPE_OF.get(metadata.type),
    // onnxruntime spells an unnamed dimension "".
    shape: metadata.shape.map((dim) => (dim === "" ? undefined : dim)),
  };
}

function toOrt(ort: Ort, name: string, tensor: RuntimeTensor): OrtTensor {
  const { dtype, dims, data } = tensor;
  const type = ORT_TYPE[dtype];
  if (type === undefined) throw errors.runtimeTakesNoSuchType(dtype, name);
  try {
    if (!(data instanceof Uint8Array)) return new ort.Tensor("string", [...data], [...dims]);
    // float16 has no typed array in Node 20, and onnxruntime-node takes its bit patterns.
    const view = dtype === "float16" ? uint16View(data) : typedView(dtype, data);
    return Reflect.construct(ort.Tensor, [type, view, [...dims]]);
  } catch (error) {
    throw errors.runtimeRejectsTensor(name, dtype, dims, shortReason(error)).because(error);
  }
}

function uint16View(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset, byteLength } = alignedBytes(bytes, 2);
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}

function fromOrt(name: string, value: OrtTensor | undefined): RuntimeTensor {
  const dtype = value === undefined ? undefined : DTYPE_OF.get(value.type);
  if (value === undefined || dtype === undefined) throw errors.outputIsNoTensor(name);
  const data: unknown = value.data;
  if (Array.isArray(data)) return { dtype, dims: value.dims, data: data.map(String) };
  if (!ArrayBuffer.isView(data)) throw errors.outputIsNotInMemory(name);
  return { dtype, dims: value.dims, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Messages about what onnxruntime lacks, features or memory; all others blame the model. */
const UNSUPPORTED =
  /std::bad_alloc|Failed to allocate memory|No Op registered for|not a registered function\/op|NOT_IMPLEMENTED|Could not find an implementation|No opset import for domain|not supported|unsupported|is not currently supported|Non tensor type/i;

function translated(error: unknown, what: Parameters<typeof errors.runtimeRejectsModel>[0]): NormfoldError {
  const reason = shortReason(error);
  const make = UNSUPPORTED.test(reason) ? errors.runtimeLacksPart : errors.runtimeRejectsModel;
  return make(what, customOperatorReason(reason)).because(error);
}

/** The first line of an error, without onnxruntime's source places, and not longer than a terminal line or three. */
function shortReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text
    .replace(/\s+/g, " ")
    .replace(/^Load model from .* failed: ?/, "")
    .replace("Non-zero status code returned while running ", "")
    .replace(/ ?Require stack:.*$/, "")
    .replace(/\bonnxruntime::\S+\([^)]*\) ?/g, "")
    .replace(/\/\S+\.(cc|h):\d+ [^ ]*(\([^)]*\))?( \[[^\]]*\])? ?/g, "")
    .trim();
  return line.length > 240 ? `${line.slice(0, 237)}...` : line;
}
