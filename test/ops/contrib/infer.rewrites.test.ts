import { describe, it } from "vitest";
import { expectRewrite } from "../../support/rewrite.js";
import { constant } from "../../support/text.js";

const HEADER = '<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1, "ai.onnx.ml" : 3]>';

/** A whole model, since these operators come from domains of their own. */
function model(inputs: string, constants: readonly string[], nodes: string): string {
  return `${HEADER} g (${inputs}) => (float[] y) <${constants.join(", ")}> { ${nodes} }`;
}

describe("inferred shapes of operators of other domains let their neighbours be simplified", () => {
  it("a shuffle behind a FusedConv of onnxruntime", async () => {
    const constants = [
      constant("w", [6, 3, 3, 3]),
      constant("b", [6]),
      "int64 two = {2}",
      "int64 three = {3}",
      "int64[1] zero = {0}",
      "int64[1] pieces = {2}",
      "int64[1] rest = {3}",
    ];
    const nodes = [
      'c = com.microsoft.FusedConv <activation = "Relu", pads = [1,1,1,1]> (x, w, b)',
      "s = Shape (c) h = Gather (s, two) k = Gather (s, three) hu = Unsqueeze (h, zero) ku = Unsqueeze (k, zero)",
      "n = Slice (s, zero, pieces_end) t = Concat <axis = 0> (n, pieces, rest, hu, ku) r = Reshape (c, t) y = Neg (r)",
    ].join(" ");
    await expectRewrite(model("float[N,3,5,7] x", [...constants, "int64[1] pieces_end = {1}"], nodes), [
      "c = FusedConv(x, w, b)",
      "r = Reshape(c, t_1)",
      "y = Neg(r)",
    ]);
  });

  it("a scale and a shift behind a FusedMatMul meet in the Gemm that follows", async () => {
    const constants = [
      constant("w", [5, 4]),
      constant("g", [5]),
      constant("a", [5]),
      constant("v", [5, 3]),
      constant("d", [3]),
    ];
    const nodes =
      "m = com.microsoft.FusedMatMul <transB = 1> (x, w) k = Mul (m, g) t = Add (k, a) y = Gemm (t, v, d)";
    await expectRewrite(model("float[N,4] x", constants, nodes), [
      "m = FusedMatMul(x, w)",
      "y = Gemm(m, v, d)",
    ]);
  });

  it("a Cast to the type of a classifier's output, and numbers behind a regressor", async () => {
    const linear = "y0 = ai.onnx.ml.LinearRegressor <coefficients = [0.5, 1.5], intercepts = [0.25]> (x)";
    const constants = ["float two = {2}", "float[1] one = {1}", "float[1,1] three = {3}"];
    await expectRewrite(
      model(
        "float[N,2] x",
        constants,
        `${linear} c = Cast <to = 1> (y0) m = Mul (c, two) a = Add (m, one) y = Add (a, three)`,
      ),
      ["y0 = LinearRegressor(x)", "m = Mul(y0, two)", "y = Add(m, three_1)"],
    );
  });
});
