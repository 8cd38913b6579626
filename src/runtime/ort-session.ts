import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { alignedBytes } from "../base/bytes.js";
import type { NormfoldError } from "../base/errors.js";
import type { DType } from "../ir/dtype.js";
import { typedView } from "../ir/tensor.js";
import { customOperatorReason } from "./custom-operators.js";
import { errors } from "./errors.js";
import type { Port, RuntimeTensor, Session, TensorMap } from "./runtime.js";

/** What onnxruntime-node and onnxruntime-web have in common. */
export type Ort = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor" | "env">;

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

/** A session of onnxruntime behind the interface of a Runtime. */
export function sessionOf(ort: Ort, session: InferenceSession, milliseconds: number): Session {
  const outputs = session.outputMetadata.map(portOf);
  const inputs = session.inputMetadata.map(portOf);
  const tensors = outputs.flatMap((port) => (port.dtype === undefined ? [] : [port.name]));
  const runOn = async (
    feeds: Record<string, OrtTensor>,
    names: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType> => {
    if (names.length === 0) throw errors.modelHasNoTensorOutput();
    try {
      return await session.run(feeds, names);
    } catch (error) {
      throw translated(error, "onnxruntime cannot run the model");
    }
  };
  return {
    inputs,
    outputs,
    openedIn: milliseconds,
    run: async (feeds, names = tensors) => {
      const results = await runOn(feedsOf(ort, inputs, feeds), names);
      return new Map(names.map((name) => [name, fromOrt(name, results[name])]));
    },
    prepare: (feeds) => {
      const ready = feedsOf(ort, inputs, feeds);
      return async () => {
        await runOn(ready, tensors);
      };
    },
    close: () => session.release(),
  };
}

function feedsOf(ort: Ort, inputs: readonly Port[], feeds: TensorMap): Record<string, OrtTensor> {
  const ready: Record<string, OrtTensor> = {};
  for (const { name, dtype } of inputs) {
    const tensor = feeds.get(name);
    if (tensor === undefined) {
      throw dtype === undefined ? errors.inputCannotBeFed(name) : errors.inputIsNotFed(name);
    }
    ready[name] = toOrt(ort, name, tensor);
  }
  return ready;
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

/** An error of onnxruntime as one of ours. */
export function translated(
  error: unknown,
  what: Parameters<typeof errors.runtimeRejectsModel>[0],
): NormfoldError {
  const reason = shortReason(error);
  const make = UNSUPPORTED.test(reason) ? errors.runtimeLacksPart : errors.runtimeRejectsModel;
  return make(what, customOperatorReason(reason)).because(error);
}

/** The first line of an error, without onnxruntime's source places, and not longer than a terminal line or three. */
export function shortReason(error: unknown): string {
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

/** Whether a package did not load because it is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && /MODULE_NOT_FOUND$/.test(String(error.code));
}
