import { domainTable } from "../../support/infer.js";

const ROWS = "float[N,4] x";

domainTable("ai.onnx.ml", 3, [
  ["int64[N,4] x", "y = ai.onnx.ml.Scaler <offset = [0.5], scale = [2.0]> (x)", "float[N,4]"],
  [ROWS, 'y = ai.onnx.ml.Normalizer <norm = "L2"> (x)', "float[N,4]"],
  [
    ROWS,
    "y, z = ai.onnx.ml.LinearClassifier <coefficients = [1.0], classlabels_ints = [0, 1]> (x)",
    "int64[N]",
    "float[N,?]",
  ],
  [
    ROWS,
    'y, z = ai.onnx.ml.TreeEnsembleClassifier <classlabels_strings = ["a", "b"]> (x)',
    "string[N]",
    "float[N,?]",
  ],
  [ROWS, "y, z = ai.onnx.ml.SVMClassifier (x)", "?[N]", "float[N,?]"],
  [ROWS, "y = ai.onnx.ml.TreeEnsembleRegressor <n_targets = 3> (x)", "float[N,3]"],
  ["float[4] x", "y = ai.onnx.ml.LinearRegressor <coefficients = [1.0]> (x)", "float[?,1]"],
  ["string[N,2] x", 'y = ai.onnx.ml.OneHotEncoder <cats_strings = ["a", "b"]> (x)', "float[N,2,?]"],
  ["int64[N] x", "y = ai.onnx.ml.OneHotEncoder <cats_int64s = [3, 5, 7]> (x)", "float[N,3]"],
  ["string[N] x", 'y = ai.onnx.ml.LabelEncoder <keys_strings = ["a"], values_int64s = [1]> (x)', "int64[N]"],
  [
    "float[N,2] x, float[N,3] z",
    "y = ai.onnx.ml.FeatureVectorizer <inputdimensions = [2, 3]> (x, z)",
    "float[N,5]",
  ],
]);
