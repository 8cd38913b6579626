import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import { errors } from "./errors.js";
import { isMissing, type Ort, sessionOf, shortReason, translated } from "./ort-session.js";
import type { RuntimeModel, Session, SessionSettings } from "./runtime.js";

/** No dependency: whoever wants to run models in WebAssembly, as a page does, has it installed. Bundlers are not to look for it. */
const PACKAGE: string = "onnxruntime-web";

let loading: Promise<Ort> | undefined;

/** Whether onnxruntime-web, the provider "wasm", is installed. */
export async function webRuntimeIsInstalled(): Promise<boolean> {
  return await import(PACKAGE).then(
    () => true,
    () => false,
  );
}

/** Opens a model in onnxruntime-web. Throws "unsupported" where it is not installed. */
export async function webSession(
  model: RuntimeModel,
  { threads = 1 }: SessionSettings,
  options: InferenceSession.SessionOptions,
): Promise<Session> {
  loading ??= load(threads);
  const ort = await loading;
  const start = performance.now();
  try {
    const session = await ort.InferenceSession.create(...sourceOf(model, options));
    return sessionOf(ort, session, performance.now() - start);
  } catch (error) {
    throw translated(error, "onnxruntime cannot load the model");
  }
}

async function load(threads: number): Promise<Ort> {
  let ort: typeof import("onnxruntime-web");
  try {
    ort = await import(PACKAGE);
  } catch (error) {
    throw (
      isMissing(error) ? errors.webRuntimeIsMissing() : errors.webRuntimeDoesNotLoad(shortReason(error))
    ).because(error);
  }
  ort.env.logLevel = "fatal";
  // The module is instantiated once, with the threads of the first session.
  ort.env.wasm.numThreads = threads;
  return ort;
}

/** A page has no files: the model is handed over as bytes, and so is the data that lies beside it. */
function sourceOf(
  model: RuntimeModel,
  options: InferenceSession.SessionOptions,
): [Uint8Array, InferenceSession.SessionOptions] {
  if (model.kind === "bytes") return [model.bytes, options];
  const [folder, name] = [dirname(model.path), basename(model.path)];
  const beside = readdirSync(folder).filter((file) => file.startsWith(name) && file !== name);
  const externalData = beside.map((path) => ({ path, data: readFileSync(join(folder, path)) }));
  return [readFileSync(model.path), { ...options, ...(externalData.length === 0 ? {} : { externalData }) }];
}
