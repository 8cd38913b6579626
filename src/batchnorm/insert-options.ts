import type { Dataset } from "../data/dataset.js";
import { INSERT, SITES } from "../options/insert.js";
import type { OptionsOf } from "../options/spec.js";
import { assertValues, settle } from "../options/validate.js";
import { errors } from "./errors.js";
import type { SiteOptions } from "./site.js";
import type { StatisticsOptions } from "./statistics.js";

/** The places and the form of the normalizations that `insertBatchNorm` inserts, and the data for their statistics. */
export interface InsertOptions
  extends SiteOptions,
    OptionsOf<typeof INSERT>,
    Pick<
      StatisticsOptions,
      "batchSize" | "limit" | "seed" | "runtime" | "threads" | "onProgress" | "signal"
    > {
  /** The data to measure the statistics on; init identity needs it. */
  readonly data?: Dataset;
}

/** The options that decide what is inserted, with their defaults. */
export interface InsertSettings {
  /** The source of gamma and beta. */
  readonly init: "identity" | "fresh";
  /** The form of the normalizations. */
  readonly form: "inference" | "training";
  /** Write the training form in plain operators. */
  readonly decompose: boolean;
  /** Added to the variance; a float32. */
  readonly epsilon: number;
  /** The share of the old value in a running statistic; a float32. */
  readonly momentum: number;
}

/** Throws "usage" for numbers out of range and for a decomposed inference form. */
export function settingsOf(options: InsertOptions): InsertSettings {
  assertValues(INSERT, options);
  assertValues(SITES, options);
  const { init, form, decompose = false, epsilon, momentum } = settle(INSERT, options);
  if (decompose && form !== "training") throw errors.onlyTrainingFormIsDecomposed();
  // Attributes are stored in float32.
  return { init, form, decompose, epsilon: Math.fround(epsilon), momentum: Math.fround(momentum) };
}
