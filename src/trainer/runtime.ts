import type { Runtime } from "../runtime/runtime.js";

/** The same options with an optional runtime. Default: onnxruntime. */
export type WithDefaultRuntime<T extends { readonly runtime: Runtime }> = Omit<T, "runtime"> & {
  /** Another runtime than onnxruntime-node. */
  readonly runtime?: Runtime;
};

/** onnxruntime, loaded on the first call. */
export async function onnxruntime(): Promise<Runtime> {
  const { defaultRuntime } = await import("../runtime/ort.js");
  return defaultRuntime();
}
