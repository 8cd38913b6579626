/**
 * normfold's second door, "normfold/train": insertion of BatchNormalization and its statistics, gradients, training. It is apart
 * from the first, so that a program that only optimizes loads none of it.
 */

export { matchesGlob } from "./base/glob.js";
export { type CalibrateOptions, type CalibrateResult, calibrate } from "./batchnorm/calibrate.js";
export { CALIBRATION_METHODS, type CalibrationMethod } from "./batchnorm/calibration-method.js";
export type {
  CalibratedLayer,
  CalibrationReport,
  ChannelStatistics,
} from "./batchnorm/calibration-report.js";
export { type FreezeReport, type FreezeResult, freeze } from "./batchnorm/freeze.js";
export { type InsertResult, insertBatchNorm } from "./batchnorm/insert.js";
export type { InsertOptions } from "./batchnorm/insert-options.js";
export type { InsertedSite, InsertReport } from "./batchnorm/insert-report.js";
export type { MeasuredValue } from "./batchnorm/measured-value.js";
export type { BatchMoments, Population, StatisticsMethod } from "./batchnorm/moments.js";
export {
  type KeptNode,
  type PrepareOptions,
  type PrepareReport,
  type PrepareResult,
  type PrepareStep,
  prepare,
  RECIPES,
  type Recipe,
} from "./batchnorm/prepare.js";
export type { LinearLayer, PassedOver, Site, SiteOptions } from "./batchnorm/site.js";
export { findSites } from "./batchnorm/sites.js";
export {
  estimateStatistics,
  type LayerStatistics,
  type StatisticsOptions,
  type StatisticsProgress,
  type StatisticsReport,
} from "./batchnorm/statistics.js";
export { bindDataset, LABELS, type Preparation, type Slot } from "./data/bind.js";
export type { Batch, BatchOptions, Dataset, Field } from "./data/dataset.js";
export { tensorDataset } from "./data/memory.js";
export { type DifferentiateOptions, differentiate } from "./gradient/differentiate.js";
export type { DatasetOptions } from "./node/data/open.js";
export type { StandardOperator } from "./ops/catalogue.js";
export {
  type FacetCoverage,
  type FacetName,
  type OperatorCoverage,
  operatorCoverage,
} from "./ops/coverage.js";
export { type GradientCoverage, gradientCoverage } from "./ops/gradient.js";
export { otherDomains } from "./ops/inference.js";
export {
  calibrateAndJudge,
  type JudgedCalibrateOptions,
  type JudgedCalibration,
} from "./trainer/calibrate.js";
export { constantsNamed } from "./trainer/constants-named.js";
export { evaluate } from "./trainer/evaluate.js";
export { assertLoads, type LowerOptions, type LowerReport, lower } from "./trainer/lower.js";
export { inputSlots, openData } from "./trainer/open-data.js";
export { proveEnsemble } from "./trainer/prove-ensemble.js";
export type { WithDefaults } from "./trainer/runtime.js";
export { type Training, train } from "./trainer/train.js";
export { type TrainingFiles, trainWithFiles } from "./trainer/train-with-files.js";
export {
  type FlatTrainingOptions,
  type TrainingMethod,
  type TrainingSettings,
  trainingMethodOf,
  trainingSettingsOf,
} from "./trainer/training-method.js";
export { buildEnsemble, type EnsembleOptions } from "./training/ensemble.js";
export type { EnsembleProof } from "./training/ensemble-proof.js";
export type { Evaluation, EvaluationOptions } from "./training/evaluation.js";
export type { FinishedTraining, StatisticsComparison } from "./training/finish.js";
export { type ListedConstant, type ListOptions, listConstants } from "./training/list-constants.js";
export { LOSSES, type Loss, type LossKind } from "./training/loss.js";
export { isPreviewTraining, lowerPreviewTraining } from "./training/lower-preview.js";
export type { BatchStatistics } from "./training/normalization.js";
export { OPTIMIZERS, type Optimizer, type OptimizerKind } from "./training/optimizer.js";
export type { Selection } from "./training/parameters.js";
export type { Role } from "./training/roles.js";
export { SCHEDULES, type Schedule, type ScheduleKind } from "./training/schedule.js";
export type { StateTensor } from "./training/state-updates.js";
export { buildTrainingStep, type TrainingStep, type TrainingStepOptions } from "./training/step.js";
export type { Checkpoint, StepProgress, TrainOptions, Validation } from "./training/train-options.js";
export {
  type TrainingInfoOptions,
  type TrainingModel,
  trainingModel,
  withTrainingInfo,
} from "./training/training-info.js";
export type { TrainedParameter, TrainingCourse, TrainResult } from "./training/training-run.js";
