import { defined } from "../base/optional.js";
import { type CalibrateOptions, calibrate } from "../batchnorm/calibrate.js";
import type { CalibrationReport } from "../batchnorm/calibration-report.js";
import { LABELS } from "../data/bind.js";
import type { Dataset } from "../data/dataset.js";
import type { Model } from "../ir/model.js";
import type { Evaluation } from "../training/evaluation.js";
import { evaluate } from "./evaluate.js";

/** A model with new statistics, and how well it does with the old and the new ones. */
export interface JudgedCalibration {
  /** The calibrated copy. */
  readonly model: Model;
  /** The statistics before and after. */
  readonly report: CalibrationReport;
  /** undefined for data without labels. */
  readonly accuracy: { readonly before: Evaluation; readonly after: Evaluation } | undefined;
}

/** How statistics are computed, and a callback for the stages. */
export interface JudgedCalibrateOptions extends CalibrateOptions {
  /** Called when a stage begins. */
  readonly onStage?: (stage: "judge-original" | "measure" | "judge-result") => void;
}

/**
 * Calibrates as `calibrate` does, and where the data has labels says how accurate a classifier was before and is after.
 * Throws as `calibrate` and `evaluate` do.
 */
export async function calibrateAndJudge(
  model: Model,
  data: Dataset,
  { onStage, ...options }: JudgedCalibrateOptions,
): Promise<JudgedCalibration> {
  const isLabelled = data.fields.some(({ name }) => name === LABELS);
  const { batchSize, limit, threads, runtime, signal } = options;
  const judge = async (
    judged: Model,
    stage: "judge-original" | "judge-result",
  ): Promise<Evaluation | undefined> => {
    if (!isLabelled) return undefined;
    onStage?.(stage);
    return evaluate(judged, data, {
      loss: { kind: "cross-entropy" },
      ...defined({ batchSize, limit, threads, runtime, signal }),
    });
  };
  const before = await judge(model, "judge-original");
  onStage?.("measure");
  const result = await calibrate(model, data, options);
  const after = await judge(result.model, "judge-result");
  return { ...result, accuracy: before === undefined || after === undefined ? undefined : { before, after } };
}
