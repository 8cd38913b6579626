import type { InferenceSession } from "onnxruntime-node";
import { defined } from "../base/optional.js";
import { errors } from "./errors.js";
import { isMissing, type Ort, sessionOf, shortReason, translated } from "./ort-session.js";
import { webRuntimeIsInstalled, webSession } from "./ort-web.js";
import type { Runtime, RuntimeModel, Session, SessionSettings } from "./runtime.js";

type OrtNode = typeof import("onnxruntime-node");

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

/** The weights of a graph that is written go beside it: with them a file may come to more than protobuf's 2 GB. */
const EXECUTED_WEIGHTS = {
  session: {
    optimized_model_external_initializers_file_name: "executed.weights",
    optimized_model_external_initializers_min_size_in_bytes: "1024",
  },
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
  let ort: OrtNode;
  try {
    ort = await import("onnxruntime-node");
  } catch (error) {
    throw (
      isMissing(error) ? errors.runtimeIsMissing() : errors.runtimeDoesNotLoad(shortReason(error))
    ).because(error);
  }
  ort.env.logLevel = "fatal";
  return {
    name: "onnxruntime",
    version: ort.env.versions.node ?? ort.env.versions.common,
    open: (model, settings = {}) =>
      settings.provider === "wasm"
        ? webSession(model, settings, sessionOptions(settings))
        : openSession(ort, model, settings),
  };
}

function sessionOptions({
  optimize,
  planMemory,
  threads,
  level,
  provider,
  executedFile,
}: SessionSettings): InferenceSession.SessionOptions {
  return {
    ...(optimize ? FAST : AS_IT_IS),
    ...(planMemory === false ? { enableMemPattern: false } : {}),
    ...(provider === undefined ? {} : { executionProviders: [provider] }),
    ...(executedFile === undefined ? {} : { optimizedModelFilePath: executedFile, extra: EXECUTED_WEIGHTS }),
    ...defined({ intraOpNumThreads: threads, graphOptimizationLevel: level }),
  };
}

async function openSession(ort: OrtNode, model: RuntimeModel, settings: SessionSettings): Promise<Session> {
  const start = performance.now();
  try {
    const session = await createSession(ort, model, sessionOptions(settings));
    return sessionOf(ort, session, performance.now() - start);
  } catch (error) {
    const { provider } = settings;
    const reason = shortReason(error);
    if (provider !== undefined && NO_PROVIDER.test(reason)) {
      const why = UNKNOWN.test(reason) ? "" : reason;
      throw errors.providerIsAbsent(provider, await providersOf(ort, provider), why).because(error);
    }
    throw translated(error, "onnxruntime cannot load the model");
  }
}

/** What onnxruntime says of a provider that this build, or this machine, does not have. */
const NO_PROVIDER = /no available backend|AppendExecutionProvider|adapter/i;
/** Of one whose name it does not know there is no more to say. */
const UNKNOWN = /no available backend/;

/** The providers that are part of the package, without one that does not work. */
async function providersOf(ort: OrtNode, absent: string): Promise<readonly string[]> {
  const bundled = ort.listSupportedBackends().filter((backend) => backend.bundled);
  const names = [...bundled.map(({ name }) => name), ...((await webRuntimeIsInstalled()) ? ["wasm"] : [])];
  return names.filter((name) => name !== absent);
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
