/** normfold's main door; train.ts is the other. Loading this module loads neither onnxruntime nor any of Node's modules. */

export { PASSES } from "../passes/index.js";
export {
  type ChannelAffine,
  channelAffine,
  compose as composeAffine,
  expandChannels,
} from "./affine/channel-affine.js";
export { createFacts } from "./analysis/fact-table.js";
export type { ByteRange, ByteSource } from "./base/bytes.js";
export { memorySource } from "./base/bytes.js";
export { type ErrorCode, type ErrorPlace, NormfoldError } from "./base/errors.js";
export type { Numerics } from "./base/numerics.js";
export { isRefusal, type Refusal, refuse } from "./base/refusal.js";
export type { SpecialEffect, SpecialValue } from "./base/special-values.js";
export { type DiffOptions, diffModels } from "./diff/diff-models.js";
export type {
  DiffPart,
  ModelDiff,
  NodeChange,
  NodeReference,
  OperatorChange,
  TextChange,
  WeightChange,
  WeightReference,
} from "./diff/model-diff.js";
export {
  type Attribute,
  type AttributeInit,
  type AttributeKind,
  attribute,
  type SparseTensor,
} from "./ir/attribute.js";
export { cloneModel } from "./ir/clone.js";
export type { DType, FloatDType } from "./ir/dtype.js";
export { modelsEqual } from "./ir/equal.js";
export {
  canReplace,
  Graph,
  type MetadataEntry,
  Node,
  type NodeInit,
  type Use,
  Value,
  type ValueInfo,
} from "./ir/graph.js";
export { createModel, type FunctionDef, Model, type OpsetImport } from "./ir/model.js";
export {
  type ExternalLocation,
  Tensor,
  type TensorData,
  tensorFromBytes,
  tensorFromNumbers,
} from "./ir/tensor.js";
export { type Dim, tensorType, type ValueType } from "./ir/type.js";
export { assertValid, type Violation, verify } from "./ir/verify.js";
export { type CheckOptions, type ComparisonOptions, check } from "./library/check.js";
export { assertSameInputs } from "./library/fit.js";
export { fixInputShapes } from "./library/input-shapes.js";
export {
  findTestData,
  type LoadOptions,
  loadData,
  loadLabels,
  loadModel,
  loadTestData,
  type ModelSource,
} from "./library/load.js";
export { type OptimizeOptions, type OptimizeReport, optimize } from "./library/optimize.js";
export { type ProfileOptions, profile } from "./library/profile.js";
export type { RewriteOptions, RolledBack } from "./library/rewrite-model.js";
export { type FileSize, modelToBytes, type SavedModel, type SaveOptions, saveModel } from "./library/save.js";
export { defineSpelling, type Spelling } from "./library/spelling.js";
export { extractSubmodel, type SubmodelBorders } from "./library/submodel.js";
export { type ModelSummary, summarize } from "./library/summary.js";
export { hasTrait, operatorsWith, type StandardOperator } from "./ops/catalogue.js";
export type { Count, Operations, OperatorCount, Uncounted } from "./profile/count.js";
export type { Latency, Ratio, Timing } from "./profile/latency.js";
export type { PeakMemory } from "./profile/memory.js";
export type { ExecutedGraph, ModelProfile, ProfileReport } from "./profile/profile-report.js";
export {
  type ModelProtoClass,
  type ModelProtoObject,
  modelFromProto,
  modelToProto,
} from "./proto/objects.js";
export { type CommandOptions, commandPredicate } from "./reduce/command.js";
export {
  type ReduceOptions,
  type ReducePhase,
  type ReduceProgress,
  type ReduceReport,
  reduce,
} from "./reduce/reduce.js";
export type { Observe } from "./reduce/search.js";
export { type Predicate, predicateOf } from "./reduce/symptoms.js";
export {
  definePass,
  type Pass,
  type PassContext,
  type PassInfo,
  type Proposal,
  type RefusalRecord,
  type RewriteRecord,
  type Rule,
  type View,
} from "./rewrite/pass.js";
export type { Rewriter } from "./rewrite/rewriter.js";
export type { Absorption, LiftedAffine } from "./rules/affine/facet.js";
export { constantTensor } from "./rules/constants.js";
export type { Facts } from "./rules/facts.js";
export type { Trait } from "./rules/operator.js";
export type { Bounds } from "./runtime/bounds.js";
export type { CheckReport, OutputReport, SetReport } from "./runtime/check-report.js";
export type { Comparison } from "./runtime/compare.js";
export type { ComparisonReport } from "./runtime/comparison-report.js";
export type { FeedSet } from "./runtime/feeds.js";
export type { LayerReport, LayersReport } from "./runtime/layers.js";
export type {
  Entrant,
  OptimizationLevel,
  Port,
  Runtime,
  RuntimeModel,
  RuntimeTensor,
  Session,
  SessionSettings,
  Span,
  TensorMap,
} from "./runtime/runtime.js";
export type { Side } from "./runtime/sides.js";
export type { Accuracy, TopKReport } from "./runtime/top-k.js";
export { parseGraph, parseModel as parse } from "./text/parse.js";
export { printGraph, printModel as print } from "./text/print.js";
