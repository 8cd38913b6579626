import { createFacts } from "../analysis/fact-table.js";
import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import { PROFILE } from "../options/profile.js";
import type { OptionsOf, Shapes } from "../options/spec.js";
import { assertValues, settle } from "../options/validate.js";
import { countModel } from "../profile/count.js";
import { type LatencyReport, measureLatency } from "../profile/latency.js";
import { peakMemory } from "../profile/memory.js";
import type { ModelProfile, ProfileReport } from "../profile/profile-report.js";
import { type FeedSet, runnableFeeds } from "../runtime/feeds.js";
import { describeInputs } from "../runtime/inputs.js";
import { objectionTo, objectionToLoading } from "../runtime/prediction.js";
import type { Runtime, RuntimeModel, SessionSettings, TensorMap } from "../runtime/runtime.js";
import { splitBatches } from "../runtime/split-batches.js";
import { executedGraph } from "./executed.js";
import { assertDataFits, assertSameInputs, assertShapesFit } from "./fit.js";
import { fixInputShapes } from "./input-shapes.js";
import { assertModel } from "./model-argument.js";
import { rewriteModel } from "./rewrite-model.js";
import { lazyRuntime, memoryFor, type RuntimeOptions, stage } from "./staging.js";
import { summarize } from "./summary.js";

/** How a model is profiled, and where it runs. */
export interface ProfileOptions extends OptionsOf<typeof PROFILE>, RuntimeOptions {
  /** Another model with the same inputs, which is measured side by side with the first. */
  readonly beside?: Model;
  /** Inputs to run on; of several sets the first. Without them they are generated. */
  readonly data?: readonly FeedSet[];
  /** Ends it at the next chance, with the signal's reason as the error. */
  readonly signal?: AbortSignal;
}

/**
 * Says what a run of the model takes: multiply-adds and other operations, parameters and peak memory, by operator and in all, and,
 * measured in onnxruntime, latency, time to load and the nodes that are executed after the runtime's own fusions. The measured
 * figures hold for this machine. Throws NormfoldError: "usage" for options and data that do not fit the model, "unsupported" or
 * "invalid" where the runtime does not take the model.
 */
export async function profile(model: Model, options: ProfileOptions = {}): Promise<ProfileReport> {
  const models: Models = options.beside === undefined ? [model] : [model, options.beside];
  for (const each of models) assertModel(each);
  assertValues(PROFILE, options);
  assertShapesFit(model, options.inputShapes);
  // An array of many samples, of which the model may take one at a time.
  const data = options.data && splitBatches(model, options.data);
  assertDataFits(model, data);
  if (options.beside !== undefined) assertSameInputs(model, options.beside);
  const measured = settle(PROFILE, options).latency
    ? await measure(models, { ...options, ...defined({ data }) })
    : undefined;
  const shapes = measured ? shapesOf(model, measured.feeds) : (options.inputShapes ?? {});
  const profiles: ModelProfile[] = [];
  for (const [index, each] of models.entries()) {
    profiles.push({
      ...(await counted(each, shapes)),
      latency: measured?.report.models[index],
      executed: measured?.executed[index],
    });
  }
  return {
    inputs: inputsOf(model, shapes),
    models: profiles,
    ratio: measured?.report.ratios[0],
    run: measured?.run,
  };
}

/** The model, and the one beside it. */
type Models = readonly [Model, ...Model[]];

type Counted = Omit<ModelProfile, "latency" | "executed">;

async function counted(model: Model, shapes: Shapes): Promise<Counted> {
  const { nodes, parameters, parameterBytes } = summarize(model);
  const isFixed = Object.keys(shapes).length > 0;
  const fixed = isFixed ? fixInputShapes(model, ownShapes(model, shapes)) : model;
  // The operators of a function are counted where it is called.
  const flat =
    fixed.functions.length === 0
      ? fixed
      : (await rewriteModel(fixed, { passes: ["inline-functions"], inlineFunctions: true })).model;
  const facts = createFacts(flat);
  return {
    count: countModel(flat, facts),
    nodes,
    parameters,
    parameterBytes,
    peakMemory: peakMemory(flat, facts),
  };
}

/** The sizes of inputs that the model has: a result may lack inputs that nobody reads. */
function ownShapes(model: Model, shapes: Shapes): Shapes {
  const names = new Set(model.graph.inputs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(shapes).filter(([name]) => names.has(name)));
}

/** The sizes of the tensors that are fed. Tensors that make up a sequence or an optional are no inputs of the model. */
function shapesOf(model: Model, feeds: TensorMap): Shapes {
  const tensors = model.graph.inputs.filter(({ type }) => type?.kind === "tensor");
  return Object.fromEntries(
    tensors.flatMap(({ name, type }) => {
      const dims = feeds.get(name)?.dims;
      const rank = type?.kind === "tensor" ? type.shape?.length : undefined;
      return dims === undefined || (rank ?? dims.length) !== dims.length ? [] : [[name, dims] as const];
    }),
  );
}

function inputsOf(model: Model, shapes: Shapes): ProfileReport["inputs"] {
  const given = model.graph.inputs.filter(
    ({ tensor, sparse }) => tensor === undefined && sparse === undefined,
  );
  return given.map(({ name, type }) => {
    const tensor = type?.kind === "tensor" ? type : undefined;
    const dims = shapes[name] ?? tensor?.shape?.map((dim) => dim || "?") ?? [];
    return { name, dtype: tensor?.dtype, dims };
  });
}

interface Measured {
  readonly report: LatencyReport;
  readonly feeds: TensorMap;
  readonly executed: readonly ModelProfile["executed"][];
  readonly run: NonNullable<ProfileReport["run"]>;
}

async function measure(models: Models, options: ProfileOptions): Promise<Measured> {
  const { threads: most, provider, level, duration } = settle(PROFILE, options);
  const threads = Number.isFinite(most) ? most : undefined;
  const [model] = models;
  for (const each of models) {
    const unloadable = objectionToLoading(each);
    if (unloadable !== undefined) throw unloadable;
  }
  const largest = models.reduce((a, b) =>
    summarize(b).parameterBytes > summarize(a).parameterBytes ? b : a,
  );
  const runtime = await lazyRuntime(largest, options)();
  const settings: SessionSettings = { optimize: true, level, ...defined({ threads, provider }) };
  const staged = [];
  try {
    for (const each of models) staged.push(await stage(each, options));
    const opened = staged.map((each) => each.model);
    const feeds = options.data?.[0]?.feeds ?? (await generated(model, opened[0], runtime, settings, options));
    const subjects = opened.map((each) => ({ model: each, feeds }));
    const report = await measureLatency(runtime, subjects, {
      provider,
      level,
      seconds: duration,
      ...defined({ threads, signal: options.signal }),
    });
    const executed = [];
    for (const each of opened) executed.push(await executedGraph(runtime, each, settings));
    const name = `${runtime.name} ${runtime.version}`;
    return { report, feeds, executed, run: { runtime: name, provider, threads, level } };
  } finally {
    for (const each of staged) await each.dispose();
  }
}

async function generated(
  model: Model,
  opened: RuntimeModel | undefined,
  runtime: Runtime,
  settings: SessionSettings,
  options: ProfileOptions,
): Promise<TensorMap> {
  if (opened === undefined) return new Map();
  const summary = summarize(model);
  const session = await runtime.open(opened, settings);
  try {
    const { feeds } = await runnableFeeds(session, describeInputs(model), {
      seed: 0,
      objection: objectionTo(model, memoryFor(summary, options), summary.parameterBytes),
      ...defined({ shapes: options.inputShapes, signal: options.signal }),
    });
    return feeds;
  } finally {
    await session.close();
  }
}
