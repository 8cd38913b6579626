import { dtypeFromCode } from "../../ir/dtype.js";
import type { FacetTable } from "../../rules/facet.js";
import { type InferRule, tensorConclusion, typeConclusion } from "../../rules/fact.js";
import { typeOfFirst } from "../../rules/inference.js";
import { normalAxis } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

/** Behind Y come the new statistics, shaped like the old ones, and before opset 14 saved ones. */
const batchNormalization: InferRule = (c) => {
  const statistics = [typeConclusion(c.type(3)), typeConclusion(c.type(4))];
  return [typeConclusion(c.type(0)), ...statistics, ...statistics];
};

/** Mean and InvStdDev keep the rank, with size 1 from `axis` on. */
const layerNormalization: InferRule = (c) => {
  const x = c.shape(0);
  const axis = normalAxis(c.int("axis", -1), x?.length);
  const dtype = dtypeFromCode(c.int("stash_type", 1));
  const reduced = axis === undefined ? undefined : x?.map((dim, at) => (at < axis ? dim : 1));
  const statistics = tensorConclusion(dtype, reduced);
  return [typeConclusion(c.type(0)), statistics, statistics];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  BatchNormalization: batchNormalization,
  GroupNormalization: typeOfFirst,
  Hardmax: typeOfFirst,
  ImageScaler: typeOfFirst,
  InstanceNormalization: typeOfFirst,
  LRN: typeOfFirst,
  LayerNormalization: layerNormalization,
  LogSoftmax: typeOfFirst,
  LpNormalization: typeOfFirst,
  MeanVarianceNormalization: typeOfFirst,
  RMSNormalization: typeOfFirst,
  // onnxruntime's name for it, in the standard domain.
  SimplifiedLayerNormalization: typeOfFirst,
  Softmax: typeOfFirst,
};
