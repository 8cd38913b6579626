import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const X = "float[N,5,6] x";

describe("fold-constants", () => {
  it("chains of constants, views and filled tensors", async () => {
    const { ops } = await rewrite(
      graphText(
        X,
        [constant("k", [5]), "int64[1] axes = {1}", "int64[2] dims = {5, 1}"],
        `u = Unsqueeze (k, axes) c = ConstantOfShape <value = float[1] {2.5}> (dims) e = Exp (u) f = Mul (e, c)
         y = Max (x, f)`,
      ),
    );
    expect(ops).toEqual(["y = Max(x, f)"]);
  });

  it("numbers that shape inference knows", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[4,5,6] x",
        ["int64 one = {1}", "int64[1] zero = {0}", "int64[1] minus = {-1}"],
        `s = Shape (x) d = Gather (s, one) u = Unsqueeze (d, zero) t = Concat <axis = 0> (u, minus) y = Reshape (x, t)`,
      ),
    );
    expect(ops).toEqual(["y = Reshape(x, t)"]);
  });

  it("large integers keep every bit", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[4,5] x",
        [
          "int64[1] zero = {0}, int64[1] one = {1}",
          "int64 axis0 = {0}",
          "int64[1] axes = {1}",
          "int64 end = {9223372036854775807}",
        ],
        "e = Unsqueeze (end, zero) f = Concat <axis = 0> (e, zero) g = Gather (f, zero) y = Slice (x, one, g, axes)",
      ),
    );
    expect(ops).toEqual(["y = Slice(x, one, g, one)"]);
  });

  const RANDOM: Readonly<Record<string, string>> = {
    RandomNormal: "r = RandomNormal <shape = [5, 6]> ()",
    RandomUniform: "r = RandomUniform <shape = [5, 6], seed: float = 3.0> ()",
    RandomNormalLike: "r = RandomNormalLike (k)",
    RandomUniformLike: "r = RandomUniformLike (k)",
    "Bernoulli and Cast": "b = Bernoulli (p) r = Cast <to = 1> (b)",
    "Multinomial and Cast": "b = Multinomial <sample_size = 6> (k) r = Cast <to = 1> (b)",
    "Dropout that drops": "r = Dropout (k, half, yes)",
  };
  for (const [name, node] of Object.entries(RANDOM)) {
    it(`never computes ${name} beforehand`, async () => {
      const { rewrites } = await rewrite(
        graphText(
          X,
          [
            constant("k", [5, 6]),
            constant("p", [5, 6], { low: 0, high: 1 }),
            "float half = {0.5}",
            "bool yes = {1}",
          ],
          `${node} y = Add (x, r)`,
        ),
        { runnable: "maybe", passes: ["fold-constants"] },
      );
      expect(rewrites).toEqual([]);
    });
  }

  it("stops at the growth limit, and says so", async () => {
    const before = graphText(
      X,
      ["int64[3] dims = {40, 5, 6}"],
      "c = ConstantOfShape <value = float[1] {2.5}> (dims) y = Add (x, c)",
    );
    await expectRefused(before, /growth limit/, {
      growthLimit: 4775,
      passes: ["fold-constants"],
      shapes: { x: [1, 5, 6] },
    });
    await expectRewrite(before, ["y = Add(x, c)"], { growthLimit: 4776, shapes: { x: [1, 5, 6] } });
  });

  it("removes the nodes that only the constant needed, but none that may have effects", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17, "my.ops" : 1]>
        g (float[2,3] x) => (y) <float[2,3] m> {
          r = Relu (x) m = my.ops.Log (r) s = Shape (m) c = ConstantOfShape (s) y = Add (x, c)
        }`),
      { runnable: false },
    );
    expect(ops).toEqual(["r = Relu(x)", "m = Log(r)", "y = Add(x, c)"]);
  });

  it("quantized weights stay quantized", async () => {
    await expectRefused(
      graphText(
        "float[N,4] x",
        ["int8[4,2] q = {1,2,3,4,5,6,7,8}", "float s = {0.5}"],
        "w = DequantizeLinear (q, s) y = MatMul (x, w)",
      ),
    );
  });
});

describe("sequences without inputs", () => {
  it("are not tried as constants, which they cannot be", async () => {
    const { refusalText } = await rewrite(
      graphText(
        "float[N,3] x",
        [],
        "e = SequenceEmpty <dtype = 1> () s = SequenceInsert (e, x) y = ConcatFromSequence <axis = 0> (s)",
      ),
    );
    expect(refusalText).toBe("");
  });
});
