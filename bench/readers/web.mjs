// onnxruntime-web as a Runtime: the WebAssembly build, on one thread, with its optimizations as a page has them.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { NormfoldError } from "../../dist/src/index.js";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "fatal";

const DTYPES = { float32: "float", float64: "double" };
const TYPES = { float: "float32", double: "float64" };
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

export function onnxruntimeWeb() {
  return {
    name: "onnxruntime-web",
    version: ort.env.versions.web ?? ort.env.versions.common,
    async open(model) {
      const bytes = model.kind === "path" ? readFileSync(model.path) : model.bytes;
      const session = await told(ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] }));
      const [inputs, outputs] = [session.inputMetadata, session.outputMetadata].map((list) =>
        list.map(portOf),
      );
      return {
        inputs,
        outputs,
        run: async (feeds, wanted = outputs.map(({ name }) => name)) => {
          const given = inputs.map(({ name }) => [name, toOrt(feeds.get(name))]);
          const results = await told(session.run(Object.fromEntries(given), wanted));
          return new Map(Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor)]));
        },
        close: () => session.release(),
      };
    },
    close() {},
  };
}

/** Its errors as those of a Runtime. */
async function told(promise) {
  try {
    return await promise;
  } catch (error) {
    throw new NormfoldError("unsupported", String(error.message ?? error));
  }
}

function portOf({ name, isTensor, type, shape }) {
  return isTensor
    ? { name, dtype: DTYPES[type] ?? type, shape: shape.map((dim) => (dim === "" ? undefined : dim)) }
    : { name, dtype: undefined, shape: [] };
}

function toOrt({ dtype, dims, data }) {
  const type = TYPES[dtype] ?? dtype;
  if (type === "string") return new ort.Tensor("string", [...data], [...dims]);
  const bytes = Uint8Array.from(data);
  return new ort.Tensor(type, new ARRAYS[type](bytes.buffer), [...dims]);
}

function fromOrt({ type, dims, data }) {
  const bytes =
    type === "string" ? data.map(String) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: DTYPES[type] ?? type, dims, data: bytes };
}
