import type { Numerics } from "../base/numerics.js";
import { isFloat } from "../ir/dtype.js";
import { judgeWithin } from "./bounds.js";
import type { CheckReport, OutputReport, SetReport, StoredReport, Verdict } from "./check-report.js";
import type { CheckerOptions } from "./checker-options.js";
import { compareTensors } from "./compare.js";
import { errors } from "./errors.js";
import type { FeedSet } from "./feeds.js";
import type { Original } from "./original.js";
import { besideProbe } from "./probes.js";
import type { RuntimeTensor, Session, TensorMap } from "./runtime.js";
import { brokenClaim, type SpecialClaim } from "./special-values.js";
import { judge, type Noise } from "./tolerance.js";

/** The outputs of a candidate beside those of the original, set by set, as long as there is time for more. Throws "invalid" where one is missing. */
export async function compareSets(
  original: Original,
  candidate: Session,
  numerics: Numerics,
  { signal, isSpent }: Pick<CheckerOptions, "signal" | "isSpent">,
): Promise<SetReport[]> {
  requireOutputs(original, candidate);
  const sets: SetReport[] = [];
  for (const [index, { set, outputs }] of original.probes.entries()) {
    signal?.throwIfAborted();
    if (index > 0 && isSpent?.()) break;
    const results = await candidate.run(set.feeds);
    const reports: OutputReport[] = [];
    for (const name of original.outputs) {
      const [a, b] = [outputs.get(name), results.get(name)];
      if (a !== undefined && b !== undefined)
        reports.push(await compareOutput(original, index, name, a, b, numerics));
    }
    const inputs = [...set.feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims }));
    const stored = compareStored(set, results);
    const judged =
      original.bounds === undefined
        ? reports.map((report) => besideProbe(report, reports, original.flattened))
        : reports;
    sets.push({ name: set.name, inputs, outputs: judged, stored, verdict: worst(judged) });
  }
  return sets;
}

/** Whether the claim holds on inputs with special values, if the original takes any. */
export async function compareSpecialValues(
  original: Original,
  candidate: Session,
  claim: SpecialClaim,
): Promise<Pick<CheckReport, "special"> | Pick<CheckReport, "special" | "status" | "reason">> {
  const probes = await original.special();
  if (probes.length === 0) return { special: undefined };
  for (const probe of probes) {
    const results = await candidate.run(probe.set.feeds);
    for (const name of original.outputs) {
      const [a, b] = [probe.outputs.get(name), results.get(name)];
      const broken = a && b && brokenClaim(a, b, claim);
      if (broken === undefined || (await original.isUnsettled(name, probe, claim))) continue;
      const reason = `output "${name}" on special values: ${broken}`;
      return { special: undefined, status: "differs", reason };
    }
  }
  return { special: claim };
}

function requireOutputs(original: Original, candidate: Session): void {
  const given = new Set(candidate.outputs.map((port) => port.name));
  for (const name of original.outputs) {
    if (original.optional.has(name)) continue;
    if (!given.has(name)) throw errors.resultLacksOutput(name);
  }
}

async function compareOutput(
  original: Original,
  set: number,
  name: string,
  a: RuntimeTensor,
  b: RuntimeTensor,
  numerics: Numerics,
): Promise<OutputReport> {
  const comparison = compareTensors(a, b);
  const noise = (): AsyncIterable<Noise> => original.noise(set, name);
  const { bounds, precision } = original;
  const judgement =
    bounds === undefined
      ? await judge(a, b, comparison, numerics, precision, noise)
      : judgeWithin(a, b, comparison, bounds);
  if (judgement.verdict === "differs" && (await original.isRandom(set, name))) {
    const reason = "the original gives another output each time it is run";
    return { name, comparison, ...judgement, verdict: "unjudged", reason };
  }
  return { name, comparison, ...judgement };
}

const STORED_TOLERANCE = 1e-3;

function compareStored(set: FeedSet, results: TensorMap): StoredReport[] {
  return [...(set.expected ?? [])].flatMap(([name, expected]) => {
    const result = results.get(name);
    if (result === undefined) return [];
    const comparison = compareTensors(expected, result);
    const { mismatch, nonFinite, maxAbsolute, scale, differing, dtype } = comparison;
    const near = isFloat(dtype) ? maxAbsolute <= STORED_TOLERANCE * scale : differing === 0;
    return [{ name, comparison, agrees: mismatch === undefined && nonFinite === 0 && near }];
  });
}

/** The verdict on a set of inputs. */
export function worst(outputs: readonly OutputReport[]): Verdict {
  if (outputs.some((output) => output.verdict === "differs")) return "differs";
  return outputs.some((output) => output.verdict === "equal") ? "equal" : "unjudged";
}

/** The verdict on all sets, and its reason. */
export function overall(sets: readonly SetReport[]): Pick<CheckReport, "status" | "reason"> {
  const verdicts = sets.map((set) => set.verdict);
  for (const wanted of ["differs", "unjudged"] as const) {
    if (wanted === "unjudged" && verdicts.includes("equal")) break;
    for (const set of sets) {
      const output = set.outputs.find((report) => report.verdict === wanted);
      if (output === undefined) continue;
      const reason = `output "${output.name}" on ${set.name}: ${output.reason}`;
      return { status: wanted === "differs" ? "differs" : "unchecked", reason };
    }
  }
  if (verdicts.includes("equal")) return { status: "equal", reason: undefined };
  return { status: "unchecked", reason: "the model has no tensor outputs to compare" };
}
