import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const ONLY = { passes: ["fuse-gemm"] } as const;

describe("fuse-gemm: a product and a sum", () => {
  for (const [name, type] of [
    ["a row", "float[5] c"],
    ["a matrix", "float[M,5] c"],
    ["a column", "float[M,1] c"],
    ["a scalar", "float c"],
  ] as const) {
    it(`MatMul and Add of ${name} become Gemm`, async () => {
      await expectRewrite(
        graphText(`float[M,3] a, float[3,5] b, ${type}`, [], "p = MatMul (a, b) y = Add (c, p)"),
        ["y = Gemm(a, b, c)"],
        { ...ONLY, shapes: { a: [2, 3] } },
      );
    });
  }

  it("a Gemm without C takes it, whatever beta was, and keeps alpha and transB", async () => {
    const outcome = await expectRewrite(
      graphText(
        "float[2,3] a, float[5,3] b, float[2,5] c",
        [],
        "p = Gemm <alpha = 0.5, beta = 3.0, transB = 1> (a, b) y = Add (p, c)",
      ),
      ["y = Gemm(a, b, c)"],
      ONLY,
    );
    expect([...(outcome.model.graph.first?.attributes.keys() ?? [])]).toEqual(["transB", "alpha"]);
  });

  it("works in double precision", async () => {
    await expectRewrite(
      graphText("double[2,3] a, double[3,5] b, double[5] c", [], "p = MatMul (a, b) y = Add (p, c)"),
      ["y = Gemm(a, b, c)"],
      ONLY,
    );
  });

  it("leaves whole numbers alone", async () => {
    await expectRefused(
      graphText("int32[2,3] a, int32[3,5] b, int32[5] c", [], "p = MatMul (a, b) y = Add (p, c)"),
      undefined,
      ONLY,
    );
  });

  it("leaves stacks of matrices alone", async () => {
    await expectRefused(
      graphText("float[4,2,3] a, float[3,5] b, float[5] c", [], "p = MatMul (a, b) y = Add (p, c)"),
      "operands-are-not-matrices",
      ONLY,
    );
  });

  it("the summand may not broadcast the product", async () => {
    await expectRefused(
      graphText("float[1,3] a, float[3,5] b, float[4,5] c", [], "p = MatMul (a, b) y = Add (p, c)"),
      "sum-does-not-broadcast-to-product",
      ONLY,
    );
    await expectRefused(
      graphText("float[1,3] a, float[3,5] b, float[4,1,5] c", [], "p = MatMul (a, b) y = Add (p, c)"),
      "sum-does-not-broadcast-to-product",
      ONLY,
    );
  });

  it("a product that others read stays", async () => {
    await expectRefused(
      graphText(
        "float[2,3] a, float[3,5] b, float[5] c",
        [],
        "p = MatMul (a, b) y = Add (p, c) z = Relu (p)",
        "y, z",
      ),
      "output-has-other-uses",
      ONLY,
    );
  });
});

describe("fuse-gemm: a product that is transposed", () => {
  it("swaps the operands of a MatMul", async () => {
    const outcome = await expectRewrite(
      graphText("float[2,3] a, float[3,5] b", [], "p = MatMul (a, b) y = Transpose (p)"),
      ["y = Gemm(b, a)"],
      ONLY,
    );
    expect(outcome.model.graph.first?.int("transA")).toBe(1);
    expect(outcome.model.graph.first?.int("transB")).toBe(1);
  });

  for (const dims of [[5], [2, 1], [2, 5], [1, 1]]) {
    it(`transposes a constant C of [${dims}]`, async () => {
      await expectRewrite(
        graphText(
          "float[3,2] a, float[3,5] b",
          [constant("c", dims)],
          "p = Gemm <transA = 1, alpha = 0.5, beta = 2.0> (a, b, c) y = Transpose <perm = [1, 0]> (p)",
        ),
        [expect.stringMatching(/^y = Gemm\(b, a, c(_1)?\)$/)],
        ONLY,
      );
    });
  }

  it("does not transpose a C that is computed", async () => {
    await expectRefused(
      graphText("float[2,3] a, float[3,5] b, float[5] c", [], "p = Gemm (a, b, c) y = Transpose (p)"),
      "bias-is-computed",
      ONLY,
    );
  });

  it("needs opset 11 for a Gemm without C", async () => {
    await expectRefused(
      graphText("float[2,3] a, float[3,5] b", [], "p = MatMul (a, b) y = Transpose (p)"),
      "opset-requires-bias",
      { ...ONLY, opset: 10 },
    );
  });
});

describe("Transposes before a product", () => {
  it("go into transA and transB", async () => {
    const outcome = await rewrite(
      graphText(
        "float[3,2] a, float[5,3] b",
        [],
        "s = Transpose (a) t = Transpose (b) u = Relu (t) y = MatMul (s, u)",
      ),
    );
    expect(outcome.ops).toEqual([
      expect.stringMatching(/= Relu\(b\)$/),
      expect.stringMatching(/^y = Gemm\(a, /),
    ]);
  });

  it("are undone where a Gemm had them", async () => {
    await expectRewrite(
      graphText(
        "float[3,2] a, float[3,5] b",
        [],
        "s = Transpose (a) y = Gemm <transA = 1> (t, b) t = Relu (s)",
      ).replace(
        "y = Gemm <transA = 1> (t, b) t = Relu (s)",
        "t = Transpose (s) y = Gemm <transA = 1> (t, b)",
      ),
      ["y = Gemm(a, b)"],
    );
  });
});
