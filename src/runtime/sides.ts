import { defined } from "../base/optional.js";
import type { OptimizationLevel, Runtime } from "./runtime.js";

/** How one of two models is run. */
export interface Side {
  /** Where: "cpu", "cuda", ..., or "wasm", which is onnxruntime-web. Default: the runtime's. */
  readonly provider?: string;
  /** How far the runtime optimizes the graph. Default: not at all. */
  readonly level?: OptimizationLevel;
}

/** A model of one Identity. */
const SMALLEST = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=";

/** Throws "unsupported" where a runtime does not have the provider, before a model is blamed for it. */
export async function assertProvider(runtime: Runtime, provider: string | undefined): Promise<void> {
  if (provider === undefined) return;
  const bytes = Uint8Array.from(atob(SMALLEST), (char) => char.charCodeAt(0));
  const session = await runtime.open({ kind: "bytes", bytes }, { provider });
  await session.close();
}

/** The runtime, opening each model as a side asks for. */
export function onSide(runtime: Runtime, { provider, level }: Side): Runtime {
  if (provider === undefined && level === undefined) return runtime;
  return {
    ...runtime,
    open: (model, settings) => runtime.open(model, { ...settings, ...defined({ provider, level }) }),
  };
}
