import { NormfoldError } from "../base/errors.js";
import type { Model } from "../ir/model.js";
import type { Tensor } from "../ir/tensor.js";
import { tensorType } from "../ir/type.js";
import { lazyRuntime, type RuntimeOptions, stage } from "../library/staging.js";
import { toTensor } from "../runtime/evaluate.js";
import { type FeedSet, probeFeeds } from "../runtime/feeds.js";
import { describeInputs } from "../runtime/inputs.js";
import { withProbes } from "../runtime/probes.js";
import type { Session, TensorMap } from "../runtime/runtime.js";
import type { RecordedValue, Recording } from "./knowledge.js";

/** Values that are asked for in one run, so that those of a large network are not all in memory at once. */
const AT_ONCE = 64;

/** Nodes above which nothing is recorded: each run of AT_ONCE values runs the whole model. */
const MAX_NODES = 5000;

/** Elements up to which a value is kept: as a constant it becomes part of the result. */
const MAX_KEPT = 65_536;

/** The inputs that a model is run on. */
export interface RecordingOptions extends RuntimeOptions {
  /** Inputs to run it on; by default they are generated. */
  readonly data?: readonly FeedSet[];
  /** Seed of the generated inputs. Default 0. */
  readonly seed?: number;
}

/**
 * Runs the model once and gives the types, sizes and small values of its main graph; nothing where the model does not run, which
 * may be just what it is reduced for.
 */
export async function record(model: Model, options: RecordingOptions): Promise<Recording> {
  const names = [...model.graph.nodes()].flatMap(({ outputs }) =>
    outputs.flatMap((value) => (value === null || value.isGraphOutput ? [] : [value.name])),
  );
  if (names.length > MAX_NODES) return new Map();
  const staged = await stage(withProbes(model, names), options);
  try {
    const runtime = await lazyRuntime(model, options)();
    const session = await runtime.open(staged.model);
    try {
      const seed = options.seed ?? 0;
      const [first] = options.data ?? [];
      const feeds = first?.feeds ?? (await generatedFeeds(session, model, seed));
      return feeds === undefined ? new Map() : await recordFrom(session, feeds);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof NormfoldError && error.code !== "internal") return new Map();
    throw error;
  } finally {
    await staged.dispose();
  }
}

async function generatedFeeds(session: Session, model: Model, seed: number): Promise<TensorMap | undefined> {
  const outputs = session.outputs
    .flatMap(({ name, dtype }) => (dtype === undefined ? [] : [name]))
    .slice(0, 1);
  // Inputs on which the model runs are looked for without giving out all its values.
  const narrow: Session = { ...sessionParts(session), run: (feeds) => session.run(feeds, outputs) };
  const [probe] = await probeFeeds(narrow, describeInputs(model), { seed });
  return probe?.set.feeds;
}

function sessionParts({ inputs, outputs }: Session): Pick<Session, "inputs" | "outputs" | "close"> {
  return { inputs, outputs, close: () => Promise.resolve() };
}

async function recordFrom(session: Session, feeds: TensorMap): Promise<Recording> {
  const found = new Map<string, RecordedValue>();
  const keep = (name: string, tensor: Tensor): void => {
    const { dtype, dims } = tensor;
    found.set(name, { type: tensorType(dtype, dims), tensor: tensor.size > MAX_KEPT ? undefined : tensor });
  };
  for (const [name, tensor] of feeds) keep(name, toTensor(tensor));
  const names = session.outputs.flatMap(({ name, dtype }) => (dtype === undefined ? [] : [name]));
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const values = await session.run(feeds, names.slice(start, start + AT_ONCE));
    for (const [name, value] of values) keep(name, toTensor(value));
  }
  return found;
}
