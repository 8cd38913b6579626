import type { Numerics } from "../base/numerics.js";
import type { DType } from "../ir/dtype.js";
import type { Comparison } from "./compare.js";
import type { Judgement } from "./tolerance.js";

export type Verdict = Judgement["verdict"];

/** One output on one set of inputs. */
export interface OutputReport extends Judgement {
  readonly name: string;
  readonly comparison: Comparison;
}

/** An output against the one that was stored with the data, as another machine computed it. */
export interface StoredReport {
  readonly name: string;
  readonly comparison: Comparison;
  /** Within 1e-3 of the largest magnitude, which is what the ONNX project allows its own stored outputs. */
  readonly agrees: boolean;
}

export interface SetReport {
  readonly name: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly dims: readonly number[];
  }[];
  readonly outputs: readonly OutputReport[];
  /** The result's outputs against the stored ones; says as much about the original, so it does not decide. */
  readonly stored: readonly StoredReport[];
  readonly verdict: Verdict;
}

/** What a check found. Plain data: it survives JSON. */
export interface CheckReport {
  /**
   * equal      every output that can be judged is the same within its tolerance
   * differs    at least one is not, or the result does not run
   * unchecked  the original does not run here, or nothing it gives can be judged; says nothing about the result
   */
  readonly status: "equal" | "differs" | "unchecked";
  /** Why not equal, in one line. */
  readonly reason: string | undefined;
  readonly numerics: Numerics;
  readonly seed: number;
  /** Name and version. */
  readonly runtime: string;
  /** Outputs that are sequences, maps or optionals, which the runtime does not hand over. */
  readonly uncompared: readonly string[];
  readonly sets: readonly SetReport[];
}
