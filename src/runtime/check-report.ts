import type { Numerics } from "../base/numerics.js";
import type { DType } from "../ir/dtype.js";
import type { Comparison } from "./compare.js";
import type { SpecialClaim } from "./special-values.js";
import type { Judgement } from "./tolerance.js";

/** equal: within the tolerance. differs: beyond it. unjudged: the output says nothing. */
export type Verdict = Judgement["verdict"];

/** One output on one set of inputs. */
export interface OutputReport extends Judgement {
  /** The name of the output. */
  readonly name: string;
  /** How the result's output differs from the original's. */
  readonly comparison: Comparison;
  /** The choice behind which it was compared: with the original's values there. Without it, whole runs were. */
  readonly nearTie?: NearTie;
}

/**
 * A choice that falls otherwise in original and result, between values that are as good: its own input is equal, within
 * its tolerance.
 */
export interface NearTie {
  /** The operator that chooses. */
  readonly chooser: string;
  /** The value that it chooses by. */
  readonly value: string;
  /** Largest difference of this value, in its units. */
  readonly difference: number;
}

/** An output against the one that was stored with the data, as another machine computed it. */
export interface StoredReport {
  /** The name of the output. */
  readonly name: string;
  /** How the result's output differs from the stored one. */
  readonly comparison: Comparison;
  /** Within 1e-3 of the largest magnitude, the tolerance of the ONNX project for its own stored outputs. */
  readonly agrees: boolean;
}

/** All outputs on one set of inputs. */
export interface SetReport {
  /** The source of the inputs: the name of a file or folder, or of a kind of generated numbers. */
  readonly name: string;
  /** The inputs that were fed. */
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly dims: readonly number[];
  }[];
  /** The outputs that both models give, in the original's order. */
  readonly outputs: readonly OutputReport[];
  /** The result's outputs against the stored ones; says as much about the original, so it does not decide. */
  readonly stored: readonly StoredReport[];
  /** differs where one output does; equal where one is and none differs. */
  readonly verdict: Verdict;
}

/** A set of inputs on which the original is chaotic, and the smaller ones that stand for it. */
export interface Tamed {
  /** The name of the set. */
  readonly set: string;
  /** The name of the set that was compared instead. */
  readonly by: string;
  /** An output of the original that a few roundings move too far. */
  readonly output: string;
  /** How far they move it, in units of its largest magnitude. */
  readonly movement: number;
}

/** The findings of a check. Plain data: it survives JSON. */
export interface CheckReport {
  /**
   * equal      every output that can be judged is the same within its tolerance
   * differs    at least one is not, or the result does not run
   * unchecked  the original does not run here, or nothing it gives can be judged; says nothing about the result
   */
  readonly status: "equal" | "differs" | "unchecked";
  /** Why not equal, in one line. */
  readonly reason: string | undefined;
  /** How close the outputs had to be. */
  readonly numerics: Numerics;
  /** True where nothing was rewritten, so that there was nothing to run. */
  readonly isUnchanged?: true;
  /** Names of sets of inputs that were left out because the time for the check was over. */
  readonly skipped?: readonly string[];
  /** The operations of a run of the original, where they are so many that one set of generated inputs has to do. */
  readonly heavy?: number;
  /** The seed of generated inputs and of perturbations. */
  readonly seed: number;
  /** The name and version of the runtime; empty where nothing was run. */
  readonly runtime: string;
  /** Outputs that are sequences, maps or optionals, which the runtime does not hand over. */
  readonly uncompared: readonly string[];
  /**
   * What was equal on inputs with NaN, infinities, -0 and subnormal numbers; undefined where they were not compared, because
   * the rewrites may change them or such inputs do not suit the model.
   */
  readonly special: SpecialClaim | undefined;
  /** Sets of inputs that stand for larger ones, on which rounding alone moves the original beyond all tolerance. */
  readonly tamed: readonly Tamed[];
  /** One report for each set of inputs; none where a model does not run. */
  readonly sets: readonly SetReport[];
}
