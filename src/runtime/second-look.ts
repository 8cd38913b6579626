import type { Numerics } from "../base/numerics.js";
import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import { type Ancestry, ancestryIn, isCancellation } from "./cancellation.js";
import type { NearTie, OutputReport, SetReport } from "./check-report.js";
import type { CheckerOptions, StagedModel } from "./checker-options.js";
import { compareSets, worst } from "./compare-sets.js";
import { type Cut, cutAt, cutsOf, valuesBefore } from "./cuts.js";
import type { FeedSet, Probe } from "./feeds.js";
import { Original } from "./original.js";
import { perturbWeights } from "./perturb.js";
import { withProbes } from "./probes.js";
import type { RuntimeTensor, Session } from "./runtime.js";
import type { Tolerance } from "./tolerance.js";

/** Two models cut at the values by which they decide, each made ready to open when it is wanted. */
export interface CutModels {
  readonly cuts: readonly Cut[];
  /** The original with these values as outputs. */
  readonly recording: () => Promise<StagedModel>;
  /** The cut original, with further values as outputs. */
  readonly original: (further: readonly string[]) => Promise<StagedModel>;
  readonly result: () => Promise<StagedModel>;
  /** The cut original with perturbed weights, as CheckerOptions.noisy, with further values as outputs. */
  readonly noisy: (run: number, further: readonly string[]) => Promise<StagedModel>;
  /** The values that a value of the original is computed from. */
  readonly ancestry: Ancestry;
  /** The names of all values of the original that a value is made of (valuesBefore). */
  readonly before: (value: string) => ReadonlySet<string>;
}

/** How the models that are cut are made. */
export interface CuttingOptions {
  readonly seed: number;
  /** Inner values that are compared too (probesOf). */
  readonly probes: readonly string[];
  readonly stage: (model: Model) => Promise<StagedModel>;
}

/** Original and result cut alike; undefined where nothing decides, or at no value that both have. */
export function cutModels(
  original: Model,
  result: Model,
  { seed, probes, stage }: CuttingOptions,
): CutModels | undefined {
  const cuts = cutsOf(original, result);
  if (cuts.length === 0) return undefined;
  const cut = (model: Model, further: readonly string[] = []): Model =>
    cutAt(withProbes(model, [...probes, ...further]), cuts);
  const recorded = [...probes, ...cuts.map(({ value }) => value)];
  return {
    cuts,
    recording: () => stage(withProbes(original, recorded)),
    original: (further) => stage(cut(original, further)),
    result: () => stage(cut(result)),
    noisy: (run, further) => stage(cut(perturbWeights(original, seed + run), further)),
    ancestry: ancestryIn(original),
    before: (value) => valuesBefore(original, value),
  };
}

/**
 * Looks again at the sets on which an output is not equal, with both models cut. An output that is equal there, where both go on
 * from the same values, differs in whole runs because a choice between values that are equal too falls otherwise. Nothing is
 * excused: a wrong rewrite stands on one side of a cut, and what is there is compared.
 */
export async function lookAgain(
  reference: Original,
  models: CutModels,
  sets: readonly SetReport[],
  numerics: Numerics,
  options: CheckerOptions,
): Promise<readonly SetReport[]> {
  const doubtful = [...sets.keys()].filter((index) => isDoubtful(sets[index]));
  const given = await withSession(models.recording, options, async (session) => {
    const found: FeedSet[] = [];
    for (const index of doubtful) {
      const set = reference.probes[index]?.set;
      if (set !== undefined) found.push(await withGiven(set, session, models.cuts));
    }
    return found;
  });
  const looked = await withCut(models, given, options, [], (cut) =>
    withSession(models.result, { runtime: options.resultRuntime ?? options.runtime }, (candidate) =>
      compareSets(cut, candidate, numerics, { ...defined({ signal: options.signal }) }),
    ),
  );
  const excused = await cancellations(models, given, looked, options);
  return sets.map((set, index) => {
    const at = doubtful.indexOf(index);
    const again = looked[at];
    return again === undefined ? set : settled(set, again, models, excused[at] ?? new Set());
  });
}

/** Runs the cut original, with further values as outputs. */
async function withCut<T>(
  models: CutModels,
  given: readonly FeedSet[],
  options: CheckerOptions,
  further: readonly string[],
  use: (cut: Original) => Promise<T>,
): Promise<T> {
  const staged = await models.original(further);
  try {
    const session = await options.runtime.open(staged.model);
    try {
      const probes: Probe[] = [];
      for (const set of given) probes.push({ set, outputs: await session.run(set.feeds) });
      const noisy = (run: number): Promise<StagedModel> => models.noisy(run, further);
      const unmoved = new Set(models.cuts.map(({ input }) => input));
      return await use(new Original(staged.model, session, probes, { ...options, noisy, unmoved }));
    } finally {
      await session.close();
    }
  } finally {
    await staged.dispose();
  }
}

/** For each set the values at cuts that differ because they are differences of nearly equal ones. */
async function cancellations(
  models: CutModels,
  given: readonly FeedSet[],
  looked: readonly SetReport[],
  options: CheckerOptions,
): Promise<readonly ReadonlySet<string>[]> {
  const values = new Set(models.cuts.map(({ value }) => value));
  const failing = looked.map(({ outputs }) =>
    outputs.filter(({ name, verdict }) => verdict === "differs" && values.has(name)),
  );
  const ancestry = new Map(failing.flat().map(({ name }) => [name, models.ancestry(name)] as const));
  if (ancestry.size === 0) return [];
  const further = [...ancestry.values()].flat(2);
  return await withCut(models, given, options, further, (cut) =>
    Promise.all(
      failing.map(async (reports, index) => {
        const found = new Set<string>();
        for (const report of reports)
          if (await isCancellation(report, ancestry.get(report.name) ?? [], index, cut))
            found.add(report.name);
        return found;
      }),
    ),
  );
}

/** Whether an output of the set is not equal, or only up to elements that are as far off as choices in front of it may put them. */
export function isDoubtful(set: SetReport | undefined): boolean {
  return set?.outputs.some(isInDoubt) === true;
}

function isInDoubt({ verdict, tolerance }: OutputReport): boolean {
  return verdict !== "equal" || tolerance.outliers > 0;
}

async function withSession<T>(
  make: () => Promise<StagedModel>,
  { runtime }: Pick<CheckerOptions, "runtime">,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const staged = await make();
  try {
    const session = await runtime.open(staged.model);
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  } finally {
    await staged.dispose();
  }
}

/** The set with the values that the original has at the cuts. */
async function withGiven(set: FeedSet, session: Session, cuts: readonly Cut[]): Promise<FeedSet> {
  const outputs = await session.run(set.feeds);
  const given = cuts.flatMap(({ value, input }): [string, RuntimeTensor][] => {
    const tensor = outputs.get(value);
    return tensor === undefined ? [] : [[input, tensor]];
  });
  return { ...set, feeds: new Map([...set.feeds, ...given]), expected: undefined };
}

/**
 * The set with the verdicts behind the cuts. A value at a cut that is not equal has the last word where the same operator decides
 * by it in both models; else it may be another value of the same name, and all stays as it was.
 */
function settled(
  set: SetReport,
  again: SetReport,
  { cuts, before }: CutModels,
  excused: ReadonlySet<string>,
): SetReport {
  const looked = new Map(again.outputs.map((output) => [output.name, output] as const));
  const failing = cuts.filter(({ value }) => !excused.has(value) && looked.get(value)?.verdict !== "equal");
  const blamed = failing.find(({ value, isDirect }) => isDirect && looked.get(value)?.verdict === "differs");
  const [cause] = blamed === undefined ? [] : [looked.get(blamed.value)];
  if (blamed !== undefined && cause !== undefined) {
    const reason = `${cause.reason}; ${blamed.chooser} decides by it`;
    return { ...set, outputs: [...set.outputs, { ...cause, reason }], verdict: "differs" };
  }
  if (failing.length > 0) return set;
  const ties = tiesOf(cuts, looked);
  const outputs = set.outputs.map((output): OutputReport => {
    const other = looked.get(output.name);
    if (!isInDoubt(output) || other === undefined || other.verdict === "unjudged") return output;
    if (excused.has(output.name)) return { ...output, verdict: "equal", reason: undefined, tolerance: NOISE };
    if (other.verdict === "differs") return other;
    const values = before(output.name);
    const tie = ties.find(({ choice }) => values.has(choice))?.tie;
    return tie === undefined ? output : { ...other, nearTie: tie };
  });
  return { ...set, outputs, verdict: worst(outputs) };
}

const NOISE: Tolerance = {
  relative: 1,
  absolute: 0,
  outliers: 0,
  why: "it is the difference of values that are nearly equal, and rounding moves it as far",
};

/** The choices that were compared and a value that each of them gives; the one whose value differs most is the first. */
function tiesOf(
  cuts: readonly Cut[],
  looked: ReadonlyMap<string, OutputReport>,
): readonly { readonly choice: string; readonly tie: NearTie }[] {
  const found = cuts.flatMap(({ value, chooser, choice }) => {
    const comparison = looked.get(value)?.comparison;
    if (comparison === undefined) return [];
    const { maxAbsolute, scale } = comparison;
    return [{ choice, tie: { chooser, value, difference: maxAbsolute }, share: maxAbsolute / (scale || 1) }];
  });
  // In units of its magnitude. None may differ in half precision: within a whole model the runtime keeps more digits of a value
  // than it gives out.
  return found.sort((a, b) => b.share - a.share);
}
