import type { AccuracyReport } from "../reference/measure-models.js";
import type { CheckReport } from "../runtime/check-report.js";
import type { PassedOver } from "./site.js";

/** What was done at one site. Plain data. */
export interface InsertedSite {
  /** The layer, or the sum, that is normalized. */
  readonly name: string;
  /** Its operator. */
  readonly opType: string;
  /** The nonlinearities behind it, by name and operator. */
  readonly activations: readonly {
    /** The node's name, or a stand-in made from its output where it has none. */
    readonly name: string;
    /** Its operator; of a spelled-out nonlinearity, the operator that it stands for. */
    readonly opType: string;
  }[];
  /** The number of channels. */
  readonly channels: number;
  /** The axis of the channels: 1, or -1 for the last. */
  readonly axis: 1 | -1;
  /** all: every reader of the layer reads it normalized. activations: other readers read it without normalization. */
  readonly readers: "all" | "activations";
  /** taken over: beta replaces it. kept: `biasKept` says why. none: the layer has no bias. */
  readonly bias: "none" | "taken over" | "kept";
  /** Why the layer keeps its bias, in one sentence. */
  readonly biasKept: string | undefined;
  /** Names the kind of that reason; stays the same where the sentence is reworded. */
  readonly biasKeptId: string | undefined;
  /** The source of the running statistics: measured on the data, or 0 and 1. */
  readonly statistics: "measured" | "neutral";
  /** Names of the outputs with the updated running mean and variance, in training form. */
  readonly runningOutputs: readonly string[];
}

/** What an insertion did. Plain data. */
export interface InsertReport {
  /** The source of gamma and beta, as in `InsertOptions.init`. */
  readonly init: "identity" | "fresh";
  /** The form of the normalizations. */
  readonly form: "inference" | "training";
  /** True where the training form is written in plain operators. */
  readonly decomposed: boolean;
  /** Added to the variance, as the attribute stores it. */
  readonly epsilon: number;
  /** The share of the old value in a running statistic, as the attribute stores it. */
  readonly momentum: number;
  /** The places that were normalized, or on a dry run would be. */
  readonly sites: readonly InsertedSite[];
  /** Nonlinearities and layers without a normalization, and why. */
  readonly passedOver: readonly PassedOver[];
  /** The IR version that the result was raised to; undefined where it stayed. */
  readonly raisedIrVersion: number | undefined;
  /** Batches that were measured. */
  readonly batches: number;
  /** Samples that were measured. */
  readonly samples: number;
  /**
   * How far the outputs moved, for init identity in inference form; undefined where the function changes on purpose.
   */
  readonly check: CheckReport | undefined;
  /** With `reference`, where there is a check: the distances from a float64 evaluation, or why there is none. */
  readonly accuracy: AccuracyReport | undefined;
}
