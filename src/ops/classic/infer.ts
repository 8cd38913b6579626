import type { DType } from "../../ir/dtype.js";
import { add, type MaybeDim } from "../../rules/dims.js";
import { type InferContext, type InferRule, type InferTable, tensorConclusion } from "../../rules/fact.js";
import { likeFirst } from "../../rules/inference.js";

/** Trees, linear models and encoders (domain ai.onnx.ml), as converters of scikit-learn and of boosted trees write them. */

const floatsLikeFirst: InferRule = (c) => [tensorConclusion("float", c.shape(0))];

/** The number of rows; a single row of features may lack its axis. */
function rowsOf(c: InferContext): MaybeDim {
  const x = c.shape(0);
  return x?.length === 2 ? x[0] : undefined;
}

/** The labels, and the scores of the classes; their number depends on the kind of model. */
const classify: InferRule = (c) => {
  const rows = rowsOf(c);
  const has = (name: string): boolean => c.node.attribute(name) !== undefined;
  const isWhole = has("classlabels_ints") || has("classlabels_int64s");
  const isText = has("classlabels_strings");
  const label: DType | undefined = isWhole === isText ? undefined : isText ? "string" : "int64";
  return [tensorConclusion(label, [rows]), tensorConclusion("float", [rows, undefined])];
};

const regress =
  (targets: string): InferRule =>
  (c) => [tensorConclusion("float", [rowsOf(c), c.int(targets, 1)])];

/** The input with one more axis, which has an entry for each category. */
const oneHot: InferRule = (c) => {
  const { node } = c;
  const categories = node.attribute("cats_strings") === undefined ? c.ints("cats_int64s")?.length : undefined;
  const x = c.shape(0);
  return [tensorConclusion("float", x && [...x, categories])];
};

const VALUES: Readonly<Record<string, DType>> = {
  values_floats: "float",
  values_int64s: "int64",
  values_strings: "string",
};

/** The type that the keys map to. In version 1 strings map to numbers and numbers to strings. */
const encodeLabels: InferRule = (c) => {
  const given = Object.entries(VALUES).filter(([name]) => c.node.attribute(name) !== undefined);
  const [only] = given;
  const dtype = c.opset < 2 ? swapped(c.dtype(0)) : given.length === 1 ? only?.[1] : undefined;
  return [tensorConclusion(dtype, c.shape(0))];
};

function swapped(dtype: DType | undefined): DType | undefined {
  if (dtype === undefined) return undefined;
  return dtype === "string" ? "int64" : "string";
}

const joinFeatures: InferRule = (c) => {
  const widths = c.ints("inputdimensions");
  return [tensorConclusion("float", [rowsOf(c), widths?.reduce<MaybeDim>(add, 0)])];
};

export const inference: InferTable = {
  Binarizer: likeFirst,
  CategoryMapper: (c) => [tensorConclusion(swapped(c.dtype(0)), c.shape(0))],
  FeatureVectorizer: joinFeatures,
  Imputer: likeFirst,
  LabelEncoder: encodeLabels,
  LinearClassifier: classify,
  LinearRegressor: regress("targets"),
  Normalizer: floatsLikeFirst,
  OneHotEncoder: oneHot,
  SVMClassifier: classify,
  SVMRegressor: (c) => [tensorConclusion("float", [rowsOf(c), 1])],
  Scaler: floatsLikeFirst,
  TreeEnsembleClassifier: classify,
  TreeEnsembleRegressor: regress("n_targets"),
};
