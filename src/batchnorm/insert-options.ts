import type { Dataset } from "../data/dataset.js";
import { errors } from "./errors.js";
import type { SiteOptions } from "./site.js";
import type { StatisticsOptions } from "./statistics.js";

/** What `insertBatchNorm` puts where, and what it measures the statistics on. */
export interface InsertOptions
  extends SiteOptions,
    Pick<
      StatisticsOptions,
      "batchSize" | "limit" | "seed" | "runtime" | "threads" | "onProgress" | "signal"
    > {
  /**
   * identity (default): the model keeps its function; gamma and beta come from the statistics of `data`. fresh: gamma
   * is 1 and beta the layer's bias, for training from the start; needs no data, and changes the function.
   */
  readonly init?: "identity" | "fresh";
  /**
   * inference (default): the ordinary form. training: training_mode = 1, with the updated running statistics as further
   * outputs of the model.
   */
  readonly form?: "inference" | "training";
  /**
   * Also normalize W x, the input term of LSTM, GRU and RNN, with statistics over batch and time. It becomes a MatMul
   * of its own, which `freeze` and `optimize` fold back into W and B; until then W is a constant of [directions, gates
   * * hidden, directions * gates * hidden] that picks each gate its part. Default false.
   */
  readonly recurrent?: boolean;
  /** Write the training form in plain operators, for runtimes without it. Default false. */
  readonly decompose?: boolean;
  /** What to measure the statistics on; init identity needs it. */
  readonly data?: Dataset;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /**
   * ONNX's convention, the share of the old value in a running statistic (PyTorch's momentum is 1 minus it). Default
   * 0.9.
   */
  readonly momentum?: number;
  /** Only list the sites. Default false. */
  readonly dryRun?: boolean;
  /** Compare with the original in the runtime where the function is meant to stay. Default true. */
  readonly check?: boolean;
  /**
   * Also measure how far original and result each are from a float64 evaluation of the original, on the inputs of the
   * check: `report.accuracy`. Slow. Default false.
   */
  readonly reference?: boolean;
}

/** The options that decide what is inserted, with their defaults. */
export interface InsertSettings {
  /** Where gamma and beta come from. */
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
  const {
    init = "identity",
    form = "inference",
    decompose = false,
    epsilon = 1e-5,
    momentum = 0.9,
  } = options;
  if (!(epsilon > 0 && epsilon < 1)) throw errors.epsilonOutsideRange(epsilon);
  if (!(momentum >= 0 && momentum < 1)) throw errors.momentumOutsideRange(momentum);
  if (decompose && form !== "training") throw errors.onlyTrainingFormIsDecomposed();
  // Attributes are stored in float32.
  return { init, form, decompose, epsilon: Math.fround(epsilon), momentum: Math.fround(momentum) };
}
