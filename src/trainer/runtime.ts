import type { Runtime } from "../runtime/runtime.js";

/** The same options with an optional runtime and batch size. */
export type WithDefaults<T extends { readonly runtime: Runtime; readonly batchSize: number }> = Omit<
  T,
  "runtime" | "batchSize"
> & {
  /** Another runtime than onnxruntime-node. */
  readonly runtime?: Runtime;
  /** Samples in a batch. Default: as many as the model's inputs fix, else 32, or all where there are fewer. */
  readonly batchSize?: number;
};

/** onnxruntime, loaded on the first call. */
export async function onnxruntime(): Promise<Runtime> {
  const { defaultRuntime } = await import("../runtime/ort.js");
  return defaultRuntime();
}
