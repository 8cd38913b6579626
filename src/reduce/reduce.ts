import { defined } from "../base/optional.js";
import type { Graph, Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { assertModel } from "../library/model-argument.js";
import { type ModelSummary, summarize } from "../library/summary.js";
import { bypasses } from "./bypass.js";
import { removeChunks } from "./chunks.js";
import { EXTRAS, without, withShortNames } from "./extras.js";
import { withFewerInputs } from "./fewer-inputs.js";
import type { Recording } from "./knowledge.js";
import { opened, withoutFunctions } from "./open-bodies.js";
import { type RecordingOptions, record } from "./record.js";
import { withoutNodes } from "./remove-nodes.js";
import { type Observe, Search } from "./search.js";
import { shrunk, shrunkInput, sizesOf, smallerSizes, withRecordedSizes } from "./sizes.js";
import { generated, SIMPLIFICATIONS, simplified, uniformWeights, weightsOf } from "./weights.js";

/** Nodes at most where each of them is tried by itself in ways that try it several times. */
const FEW = 256;

/** The part of the work that is under way. */
export type ReducePhase = "record" | "try" | "extras" | "nodes" | "bodies" | "sizes" | "weights" | "names";

/** How far the work is. */
export interface ReduceProgress {
  /** The part of the work. */
  readonly phase: ReducePhase;
  /** Models that were tried. */
  readonly tries: number;
  /** Nodes of the smallest model so far. */
  readonly nodes: number;
}

/** How a model is reduced. */
export interface ReduceOptions extends RecordingOptions {
  /** What happens where nothing goes wrong, as a clause; for the error that says so. */
  readonly nothing?: string;
  /** What was said in the last try, in one line: the last line that a command printed. */
  readonly said?: () => string | undefined;
  /** Ends the work at the next chance; the result is the smallest model so far. */
  readonly signal?: AbortSignal;
  /** Called before each try. */
  readonly onProgress?: (progress: ReduceProgress) => void;
}

/** The account of one `reduce`, as plain data. */
export interface ReduceReport {
  /** What goes wrong with the model, and with the result in the same words. */
  readonly symptom: string;
  /** The model that was given, in numbers. */
  readonly before: ModelSummary;
  /** The result, in numbers. */
  readonly after: ModelSummary;
  /** Models that were tried. */
  readonly tries: number;
  /** What was said on the whole model and on the result, where that is not the same: they may have failed for different reasons. */
  readonly said?: { readonly before: string; readonly after: string };
  /** "done"; "stopped" by the signal; "unstable": the same did not go wrong when the result was tried once more. */
  readonly status: "done" | "stopped" | "unstable";
}

/**
 * Reduces a model to a small one with which the same goes wrong: nodes go, values between them become inputs or constants, bodies
 * and functions are opened, sizes shrink, weights become simple numbers. `observe` says what goes wrong with a model, in words
 * that stay the same; it is asked once for each try, one after the other, and the first two tries are the model itself.
 *
 * Deterministic as far as `observe` is. Throws NormfoldError "usage" where nothing goes wrong with the model, "unsupported" where it
 * is not each time the same.
 */
export async function reduce(
  model: Model,
  observe: Observe,
  options: ReduceOptions = {},
): Promise<{ readonly model: Model; readonly report: ReduceReport }> {
  assertModel(model);
  const signal = options.signal ?? new AbortController().signal;
  const { nothing = "nothing goes wrong", onProgress } = options;
  onProgress?.({ phase: "record", tries: 0, nodes: summarize(model).nodes });
  const recording = await record(model, options);
  onProgress?.({ phase: "try", tries: 0, nodes: summarize(model).nodes });
  const search = await Search.start(model, { observe, nothing, signal, recording });
  const before = options.said?.();
  let status: ReduceReport["status"] = "done";
  try {
    await searchAll(search, recording, (phase) =>
      onProgress?.({ phase, tries: search.tries, nodes: summarize(search.best).nodes }),
    );
    if (!(await search.isRepeatable())) status = "unstable";
  } catch (error) {
    if (!signal.aborted) throw error;
    status = "stopped";
  }
  // The result was the last to be tried, unless the signal came in between.
  const after = status === "done" ? options.said?.() : before;
  const said =
    before !== undefined && after !== undefined && before !== after ? { before, after } : undefined;
  const { best, symptom, tries } = search;
  const sizes = { before: summarize(model), after: summarize(best) };
  return { model: best, report: { symptom, ...sizes, tries, ...defined({ said }), status } };
}

/** The phases, in their order: what makes a try cheaper comes first. */
async function searchAll(
  search: Search,
  recording: Recording,
  show: (phase: ReducePhase) => void,
): Promise<void> {
  show("extras");
  await dropExtras(search);
  for (let nodes = Number.POSITIVE_INFINITY; ; ) {
    show("nodes");
    await removeNodes(search, () => show("nodes"));
    show("bodies");
    await openBodies(search);
    await simplifyNodes(search, () => show("nodes"));
    const left = summarize(search.best).nodes;
    if (left >= nodes) break;
    nodes = left;
  }
  show("sizes");
  await shrinkSizes(search, recording, () => show("sizes"));
  show("weights");
  await simplifyWeights(search);
  // Fewer sizes and simpler weights may let more nodes go.
  show("nodes");
  await removeNodes(search, () => show("nodes"));
  await simplifyNodes(search, () => show("nodes"));
  show("names");
  await dropExtras(search);
  await search.attempt(withShortNames(search.best));
}

async function dropExtras(search: Search): Promise<void> {
  if (await search.attempt(without(search.best, EXTRAS))) return;
  for (const extra of EXTRAS) await search.attempt(without(search.best, [extra]));
}

async function removeNodes(search: Search, show: () => void): Promise<void> {
  // Bodies come and go with their nodes, so that they are counted anew each time.
  for (let index = 0; ; index++) {
    const graphAt = (): Graph | undefined => [...search.best.graphs()][index];
    if (graphAt() === undefined) break;
    await removeChunks(
      () => [...(graphAt()?.nodes() ?? [])],
      async (chunk) => {
        show();
        return await removeNodesOf(search, chunk);
      },
    );
  }
}

async function removeNodesOf(search: Search, chunk: readonly Node[]): Promise<boolean> {
  const { best, known } = search;
  if (await search.attempt(withoutNodes(best, known, chunk, "inputs"))) return true;
  return await search.attempt(withoutNodes(best, known, chunk, "recorded"));
}

/** Leaves each node out that gives on what it takes, or at least its optional inputs. */
async function simplifyNodes(search: Search, show: () => void): Promise<void> {
  const count = [...search.best.nodes()].length;
  if (count > FEW) return;
  for (let index = count - 1; index >= 0; index--) {
    const nodeAt = (): Node | undefined => [...search.best.nodes()][index];
    const node = nodeAt();
    if (node === undefined) continue;
    show();
    if (await search.attemptOne(bypasses(search.best, search.known, node))) continue;
    for (let left = nodeAt(); left !== undefined; left = nodeAt())
      if (!(await search.attemptOne(withFewerInputs(search.best, left)))) break;
  }
}

async function openBodies(search: Search): Promise<void> {
  if (search.best.functions.length > 0) await search.attempt(await withoutFunctions(search.best));
  for (let index = 0; ; index++) {
    const owners = [...search.best.nodes()].filter((node) => node.is("If", "Loop"));
    const owner = owners[index];
    if (owner === undefined) return;
    // Its place is taken by the next one, or by what was in its body.
    if (await search.attemptOne(opened(search.best, owner))) index--;
  }
}

async function shrinkSizes(search: Search, recording: Recording, show: () => void): Promise<void> {
  await search.attempt(withRecordedSizes(search.best, recording));
  for (const from of sizesOf(search.best)) {
    show();
    await shrinkSize(search, from);
  }
  for (const [index, { type }] of search.best.graph.inputs.entries()) {
    if (type?.kind !== "tensor") continue;
    for (const [axis, dim] of (type.shape ?? []).entries()) {
      if (typeof dim !== "number") continue;
      show();
      for (const to of smallerSizes(dim))
        if (await search.attempt(shrunkInput(search.best, index, axis, to))) break;
    }
  }
}

async function shrinkSize(search: Search, from: number): Promise<void> {
  for (const to of smallerSizes(from)) {
    for (const everywhere of [false, true])
      if (await search.attempt(shrunk(search.best, { from, to, everywhere }))) return;
  }
}

async function simplifyWeights(search: Search): Promise<void> {
  for (const how of SIMPLIFICATIONS) {
    if (await search.attempt(simplified(search.best, weightsOf(search.best), how))) break;
  }
  for (let index = 0; index < weightsOf(search.best).length; index++) {
    for (const how of SIMPLIFICATIONS) {
      const weight = weightsOf(search.best)[index];
      if (weight !== undefined && (await search.attempt(simplified(search.best, [weight], how)))) break;
    }
  }
  for (const { name } of uniformWeights(search.best)) {
    const weight = uniformWeights(search.best).find((each) => each.name === name);
    if (weight !== undefined) await search.attempt(generated(search.best, weight));
  }
}
