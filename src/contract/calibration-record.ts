import type { CalibrationReport, ChannelStatistics } from "../batchnorm/calibration-report.js";
import type { CalibrateDocument, ChannelNumbers } from "./documents.js";

/** A calibration with its channels as lists: JSON writes a typed array as an object. */
export function calibrationRecord(report: CalibrationReport): CalibrateDocument["report"] {
  return {
    ...report,
    layers: report.layers.map((layer) => ({
      ...layer,
      before: plain(layer.before),
      after: plain(layer.after),
      standardError: layer.standardError === undefined ? undefined : plain(layer.standardError),
    })),
  };
}

function plain({ mean, variance }: ChannelStatistics): ChannelNumbers {
  return { mean: [...mean], variance: [...variance] };
}
