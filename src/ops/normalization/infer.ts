import { dtypeFromCode } from "../../ir/dtype.js";
import type { FacetTable } from "../../rules/facet.js";
import type { FactType } from "../../rules/fact.js";
import { type Conclusion, type InferRule, tensorOf } from "../../rules/fact.js";
import { normalAxis } from "../../rules/shapes.js";
import type { OPERATORS } from "./operators.js";

const same: InferRule = (c) => {
  const type = c.type(0);
  return type === undefined ? [] : [{ type }];
};

const typed = (type: FactType | undefined): Conclusion | undefined =>
  type === undefined ? undefined : { type };

/** Besides Y: new statistics, shaped like the old ones (and before opset 14 saved ones after them). */
const batchNormalization: InferRule = (c) => {
  const statistics = [typed(c.type(3)), typed(c.type(4))];
  return [typed(c.type(0)), ...statistics, ...statistics];
};

/** Mean and InvStdDev keep the rank, with size 1 from `axis` on. */
const layerNormalization: InferRule = (c) => {
  const x = c.shape(0);
  const axis = normalAxis(c.int("axis", -1), x?.length);
  const dtype = dtypeFromCode(c.int("stash_type", 1));
  const reduced = axis === undefined ? undefined : x?.map((dim, at) => (at < axis ? dim : 1));
  const statistics = tensorOf(dtype, reduced);
  return [typed(c.type(0)), statistics, statistics];
};

export const inference: FacetTable<keyof typeof OPERATORS, InferRule> = {
  BatchNormalization: batchNormalization,
  GroupNormalization: same,
  Hardmax: same,
  ImageScaler: same,
  InstanceNormalization: same,
  LRN: same,
  LayerNormalization: layerNormalization,
  LogSoftmax: same,
  LpNormalization: same,
  MeanVarianceNormalization: same,
  RMSNormalization: same,
  // onnxruntime's name for it, in the standard domain.
  SimplifiedLayerNormalization: same,
  Softmax: same,
};
