import { describe, expect, it } from "vitest";
import { expectKept, rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const X = "float[N,3,6,7] x";

describe("numbers that have no fold", () => {
  const withVariance = (variance: string, attributes = ""): string =>
    graphText(
      "float[N,3,6,7] x",
      [
        constant("W", [2, 3, 2, 3]),
        "float[2] g = {1, 2}",
        "float[2] s = {1, 2}",
        "float[2] m = {1, 2}",
        `float[2] v = {${variance}}`,
      ],
      `c = Conv (x, W) y = BatchNormalization ${attributes} (c, g, s, m, v)`,
    );

  it("variance + epsilon is zero or negative", async () => {
    await expectKept(withVariance("1, -0.5"), /no root/, { runnable: "maybe" });
    await expectKept(withVariance("1, 0", "<epsilon: float = 0>"), /no root/, { runnable: "maybe" });
    await expectKept(withVariance("1, nan"), /no root/, { runnable: "maybe" });
  });

  it("an infinite variance, gamma or mean", async () => {
    for (const bad of ["inf", "-inf", "nan"]) {
      await expectKept(
        graphText(
          X,
          [
            constant("W", [2, 3, 2, 3]),
            `float[2] g = {1, ${bad}}`,
            "float[2] s = {1, 2}",
            "float[2] v = {1, 2}",
          ],
          "c = Conv (x, W) y = BatchNormalization (c, g, s, s, v)",
        ),
        /NaN or infinite/,
        { runnable: "maybe" },
      );
    }
  });

  it("an infinite variance makes a scale of zero, which is a number", async () => {
    const { ops } = await rewrite(withVariance("1, inf"), { runnable: "maybe" });
    expect(ops.length).toBeLessThanOrEqual(2);
  });

  it("constants that are NaN, infinite, or divisors of zero", async () => {
    for (const [op, value] of [
      ["Mul", "nan"],
      ["Add", "inf"],
      ["Div", "0"],
    ] as const) {
      await expectKept(
        graphText(X, [W, `float k = {${value}}`], `c = Conv (x, W) y = ${op} (c, k)`),
        /NaN, infinite, or a divisor of zero/,
        { runnable: "maybe" },
      );
    }
  });

  it("a float16 weight that would overflow", async () => {
    await expectKept(
      graphText(
        "float16[N,3] x",
        [literal("W", [3, 2], [1, 2, 3, 4, 40000, 6], "float16"), literal("k", [2], [2, 1], "float16")],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /float16 weight would overflow/,
      { runnable: "maybe" },
    );
  });

  it("a float16 weight that would sink below the type's precision", async () => {
    await expectKept(
      graphText(
        "float16[N,3] x",
        [
          literal("W", [3, 2], [0.001, 0.002, 0.003, 0.004, 0.005, 0.006], "float16"),
          literal("k", [], [0.0001], "float16"),
        ],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /float16/,
      { runnable: "maybe" },
    );
  });

  it("a float32 weight that would overflow", async () => {
    await expectKept(
      graphText(
        "float[N,2] x",
        ["float[2,2] W = {1e20, 1, 2, 3}", "float[2] k = {1e25, 1}"],
        "c = Gemm (x, W) y = Mul (c, k)",
      ),
      /float weight would overflow/,
      { runnable: "maybe" },
    );
  });

  it("integers: Mul and Add of MatMulInteger's output", async () => {
    await expectKept(
      graphText(
        "uint8[N,4] x",
        ["uint8[4,3] W = {1,2,3,4,5,6,7,8,9,10,11,12}", "int32[3] k = {2, 3, 4}"],
        "c = MatMulInteger (x, W) m = Mul (c, k) y = Add (m, k)",
      ),
    );
    await expectKept(
      graphText(
        "int32[N,4] x",
        ["int32[4,3] W = {1,2,3,4,5,6,7,8,9,10,11,12}", "int32[3] k = {2, 3, 4}"],
        "c = MatMul (x, W) m = Mul (c, k) y = Add (m, k)",
      ),
    );
  });
});
