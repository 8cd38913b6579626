import type { Node } from "../ir/graph.js";
import type { CalibrationMethod } from "./calibration-method.js";
import type { OwnConstant } from "./own-constants.js";

/** One number for each channel. */
export interface ChannelStatistics {
  /** The mean of each channel. */
  readonly mean: Float64Array;
  /** The variance of each channel. */
  readonly variance: Float64Array;
}

/** How the statistics of one BatchNormalization changed. */
export interface CalibratedLayer {
  /** The node's name, or a stand-in made from its output where it has none. */
  readonly name: string;
  /** The number of channels. */
  readonly channels: number;
  /** The statistics in the model that was given. */
  readonly before: ChannelStatistics;
  /** The statistics in the calibrated model, as its types round them. */
  readonly after: ChannelStatistics;
  /**
   * Standard errors of mean and variance, from their spread among batches; undefined for one batch and for moving
   * averages.
   */
  readonly standardError: ChannelStatistics | undefined;
  /** The channels that are constant on this data, up to the rounding of float32. */
  readonly dead: readonly number[];
  /** How far the means moved, in old standard deviations: the root mean square over channels. */
  readonly shift: number;
  /** The factor by which the standard deviations changed: the geometric mean over channels that are not dead. */
  readonly ratio: number;
}

/** What a calibration did. Plain data. */
export interface CalibrationReport {
  /** The method that was used. */
  readonly method: CalibrationMethod;
  /** Samples in a batch. */
  readonly batchSize: number;
  /** Batches in a pass over the data. */
  readonly batches: number;
  /** Samples in a pass over the data. */
  readonly samples: number;
  /** The BatchNormalizations of the main graph, in its order. */
  readonly layers: readonly CalibratedLayer[];
  /** The BatchNormalizations that keep their statistics: those in bodies of If, Loop and Scan, and in functions. */
  readonly passedOver: readonly string[];
  /** The statistics that were one constant with others in the file, and are each layer's own now. */
  readonly separated: readonly OwnConstant[];
}

/** A channel is constant, up to rounding, if its variance is at most this fraction of its layer's mean variance. */
const DEAD = 1e-12;
/** It is also constant if its deviation is at most this fraction of its mean, because float32 sums have no more digits. */
const LEVEL = 2 ** -17;

/** The report's row for a BatchNormalization, with the distance between its statistics before and after. */
export function calibratedLayer(
  node: Node,
  before: ChannelStatistics,
  after: ChannelStatistics,
  standardError: ChannelStatistics | undefined,
): CalibratedLayer {
  const epsilon = node.float("epsilon", 1e-5);
  const typical = after.variance.reduce((sum, value) => sum + value, 0) / Math.max(1, after.variance.length);
  const dead: number[] = [];
  let [shift, logRatio, living] = [0, 0, 0];
  after.variance.forEach((variance, c) => {
    const old = before.variance[c] ?? 0;
    shift += ((after.mean[c] ?? 0) - (before.mean[c] ?? 0)) ** 2 / (old + epsilon);
    const floor = Math.max(DEAD * typical, (LEVEL * (after.mean[c] ?? 0)) ** 2);
    if (variance <= floor) dead.push(c);
    else {
      logRatio += Math.log((variance + epsilon) / (old + epsilon)) / 2;
      living++;
    }
  });
  return {
    name: node.name || node.key,
    channels: after.mean.length,
    before,
    after,
    standardError,
    dead,
    shift: Math.sqrt(shift / Math.max(1, after.mean.length)),
    ratio: Math.exp(logRatio / Math.max(1, living)),
  };
}
