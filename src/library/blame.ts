import type { RewriteRecord } from "../rewrite/pass.js";
import { errors } from "./errors.js";
import type { Assessment, Candidate, Trials } from "./trials.js";

/** The first rewrites that are proven together, as a candidate of their own. */
export interface Proven {
  readonly candidate: Candidate;
  readonly check: Assessment["check"];
}

/** What bisection found. */
export interface Blame {
  readonly record: RewriteRecord;
  /** How it broke the model. */
  readonly reason: string;
  /** The candidate that ends with it. */
  readonly candidate: Candidate;
  /** The longest beginning of the log that was proven; undefined where none was. */
  readonly proven: Proven | undefined;
}

/** Which rewrites are tried, and how long. */
export interface Search {
  /** As the gate's: the number of rewrites after which all are exact. */
  readonly proven?: number;
  readonly isSpent?: () => boolean;
}

/**
 * The first rewrite whose prefix of the log fails. The pipeline is deterministic, so that a run that stops after k
 * rewrites makes the first k of the full log. Gives what is proven so far where the time is spent before.
 */
export async function findCulprit(
  trials: Trials,
  candidate: Candidate,
  fault: string,
  inputs: number,
  { isSpent = () => false, ...gate }: Search = {},
): Promise<Blame | { readonly proven: Proven | undefined }> {
  const { rewrites } = candidate.log;
  let [passing, failing] = [-1, rewrites.length];
  let [reason, blamed] = [fault, candidate];
  let proven: Proven | undefined;
  while (failing - passing > 1) {
    if (isSpent()) return { proven };
    // The run without rewrites comes first: if a model differs from itself, no rewrite is to blame.
    const middle = passing < 0 && failing === rewrites.length ? 0 : (passing + failing) >> 1;
    const tried = await trials.run({ ...gate, limit: middle });
    const found = await trials.assess(tried, inputs);
    if (found?.fault === undefined) {
      passing = middle;
      if (found?.check?.status !== "unchecked") proven = { candidate: tried, check: found?.check };
    } else {
      failing = middle;
      [reason, blamed] = [found.fault, tried];
    }
  }
  const record = rewrites[failing - 1];
  if (record === undefined) throw errors.modelDiffersFromItself(reason);
  return { record, reason, candidate: blamed, proven };
}
