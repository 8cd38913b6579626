import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { constant, graphText, literal, normalization, normalize } from "../../support/text.js";

/** The other passes would clean up what a refused case has left over. */
const ONLY = { passes: ["merge-parallel-branches"] };

describe("Gemm and MatMul of one x", () => {
  const gemm = (first: string, second: string, more: readonly string[] = [], dims = [3, 5]): string =>
    graphText(
      "float[N,3] x",
      [constant("V", dims), constant("b", [5]), constant("W", dims), constant("c", [1, 5]), ...more],
      `${first} ${second} y = Add (p, q)`,
    );

  it("Gemm with Gemm, alpha and beta", async () => {
    await expectRewrite(
      gemm("p = Gemm <alpha = 0.5, beta = 3.0> (x, V, b)", "q = Gemm <alpha = -2.0, beta = 0.25> (x, W, c)"),
      ["y = Gemm(x, V, b)"],
    );
    await expectRewrite(
      gemm("p = Gemm <transB = 1> (x, V)", "q = Gemm <alpha = 2.0, transB = 1> (x, W, c)", [], [5, 3]),
      ["y = Gemm(x, V, V_bias)"],
    );
    const square = gemm("p = Gemm <transA = 1> (x, V, b)", "q = Gemm <transA = 1> (x, W)").replace(
      "float[N,3] x",
      "float[3,N] x",
    );
    await expectRewrite(square, ["y = Gemm(x, V, b)"]);
  });

  it("MatMul with MatMul and with Gemm", async () => {
    await expectRewrite(gemm("p = MatMul (x, V)", "q = MatMul (x, W)"), ["y = MatMul(x, V)"]);
    await expectRewrite(gemm("p = Gemm <alpha = 2.0> (x, V, b)", "q = MatMul (x, W)"), ["y = Gemm(x, V, b)"]);
    await expectRewrite(gemm("p = MatMul (x, V)", "q = Gemm <alpha = 2.0> (x, W, c)"), ["y = Gemm(x, W, c)"]);
    const deep = gemm("p = MatMul (x, V)", "q = MatMul (x, W)").replace("float[N,3] x", "float[N,4,2,3] x");
    await expectRewrite(deep, ["y = MatMul(x, V)"]);
  });

  it("a weight [N, K] and a weight [K, N]", async () => {
    for (const [first, second] of [
      ["Gemm <transB = 1> (x, T, b)", "MatMul (x, W)"],
      ["MatMul (x, W)", "Gemm <transB = 1> (x, T, b)"],
      ["Gemm <transB = 1> (x, T, b)", "Gemm (x, W)"],
    ]) {
      await expectRewrite(
        graphText(
          "float[N,3] x",
          [constant("T", [5, 3]), constant("W", [3, 5]), constant("b", [5])],
          `p = ${first} q = ${second} y = Add (p, q)`,
        ),
        ["y = Gemm(x, T, b)"],
      );
    }
  });

  it("stays where the forms differ", async () => {
    const square = [3, 3];
    const text = (first: string, second: string): string =>
      graphText(
        "float[3,3] x",
        [constant("V", square), constant("W", square), constant("d", square)],
        `${first} ${second} y = Add (p, q)`,
      );
    await expectRefused(
      text("p = Gemm (x, V)", "q = Gemm <transA = 1> (x, W)"),
      "transpositions-differ",
      ONLY,
    );
    await expectRefused(text("p = Gemm (x, V)", "q = Gemm (x, W, d)"), "bias-has-other-shape", ONLY);
    await expectRefused(text("p = MatMul (x, V)", "q = MatMul (W, x)"), undefined, ONLY);
    const stretched = graphText(
      "float[N,3] x",
      [constant("V", [3, 5]), constant("W", [3, 1])],
      "p = MatMul (x, V) q = MatMul (x, W) y = Add (p, q)",
    );
    await expectRefused(stretched, "columns-differ", ONLY);
  });
});

describe("element types", () => {
  for (const dtype of ["float16", "double", "bfloat16"] as const) {
    it(dtype, async () => {
      const before = graphText(
        `${dtype}[2,3,5,4] x`,
        [
          constant("Wa", [3, 3, 3, 3], { dtype }),
          constant("ba", [3], { dtype }),
          constant("Wb", [3, 3, 1, 1], { dtype }),
          normalization("bn", 3, dtype),
        ],
        `a = Conv <pads = [1, 1, 1, 1]> (x, Wa, ba) b = Conv (x, Wb) ${normalize("c", "x", "bn")} y = Sum (a, b, c)`,
      );
      await expectRewrite(before, ["y = Conv(x, Wa, ba)"], {
        runnable: dtype === "bfloat16" ? false : "maybe",
      });
    });
  }

  it("float16 sums that overflow", async () => {
    const half = (top: number): string =>
      graphText(
        "float16[2,1,3,3] x",
        [literal("Wa", [1, 1, 1, 1], [40000], "float16"), literal("Wb", [1, 1, 1, 1], [top], "float16")],
        "a = Conv (x, Wa) b = Conv (x, Wb) y = Add (a, b)",
      );
    await expectRefused(half(30000), "constant-would-overflow", { ...ONLY, runnable: "maybe" });
    await expectRewrite(half(-30000), ["y = Conv(x, Wa)"], { runnable: "maybe" });
  });
});

describe("shapes", () => {
  it("one channel that the sum stretches", async () => {
    const before = graphText(
      "float[N,3,6,7] x",
      [constant("Wa", [5, 3, 1, 1]), constant("Wb", [1, 3, 1, 1])],
      "a = Conv (x, Wa) b = Conv (x, Wb) y = Add (a, b)",
    );
    await expectRefused(before, /3 to 5 channels, the other 3 to 1/, ONLY);
  });
});
