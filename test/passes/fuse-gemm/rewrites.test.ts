import { describe, expect, it } from "vitest";
import type { Node } from "../../../src/ir/node.js";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const ONLY = { passes: ["fuse-gemm"] } as const;

/** x W + c with constants. */
function layer(
  inputs: string,
  constants: readonly string[],
  nodes = "p = MatMul (x, W) y = Add (p, c)",
): string {
  return graphText(inputs, constants, nodes);
}

function attributesOf(node: Node | undefined): Record<string, unknown> {
  return Object.fromEntries(
    [...(node?.attributes.values() ?? [])].map((attr) => [attr.name, "value" in attr && attr.value]),
  );
}

describe("fuse-gemm: a product and a sum", () => {
  for (const [name, dims] of [
    ["a row", [5]],
    ["a matrix of one row", [1, 5]],
    ["a scalar", []],
    ["one number", [1]],
    ["a matrix of one number", [1, 1]],
  ] as const) {
    it(`MatMul and Add of ${name} become a dense layer`, async () => {
      const constants = [constant("W", [3, 5]), constant("c", [...dims])];
      for (const nodes of ["y = Add (p, c)", "y = Add (c, p)"]) {
        const { model } = await expectRewrite(
          layer("float[M,3] x", constants, `p = MatMul (x, W) ${nodes}`),
          ["y = Gemm(x, W, c)"],
          { ...ONLY, shapes: { x: [2, 3] } },
        );
        const gemm = model.graph.first;
        expect(attributesOf(gemm)).toEqual({ transA: 0n, transB: 1n, alpha: 1, beta: 1 });
        expect(gemm?.input(1)?.tensor?.dims).toEqual([5, 3]);
        expect(gemm?.input(2)?.tensor?.dims).toEqual([5]);
      }
    });
  }

  it("a weight as large as it is wide, and of one column", async () => {
    await expectRewrite(
      layer("float[2,4] x", [constant("W", [4, 4]), constant("c", [4])]),
      ["y = Gemm(x, W, c)"],
      ONLY,
    );
    await expectRewrite(
      layer("float[2,4] x", [constant("W", [4, 1]), constant("c", [1])]),
      ["y = Gemm(x, W, c)"],
      ONLY,
    );
  });

  it("two products that share a weight share its transpose", async () => {
    const { model } = await expectRewrite(
      graphText(
        "float[2,4] x, float[3,4] z",
        [constant("W", [4, 5]), constant("c", [5]), constant("d", [5])],
        "p = MatMul (x, W) y = Add (p, c) q = MatMul (z, W) r = Add (q, d)",
        "y, r",
      ),
      [
        expect.stringMatching(/^y = Gemm\(x, W(_1)?, c\)$/),
        expect.stringMatching(/^r = Gemm\(z, W(_1)?, d\)$/),
      ],
      { passes: ["fuse-gemm", "merge-duplicate-initializers", "eliminate-dead"] },
    );
    expect([...model.graph.initializers].filter(({ tensor }) => tensor?.dims.length === 2)).toHaveLength(1);
  });

  for (const [name, inputs, constants, nodes, reason] of [
    ["a matrix", "float[2,3] x", [constant("W", [3, 5]), constant("c", [2, 5])], undefined, "sum-is-no-bias"],
    ["a column", "float[2,3] x", [constant("W", [3, 5]), constant("c", [2, 1])], undefined, "sum-is-no-bias"],
    [
      "a computed summand",
      "float[2,3] x, float[2,5] c",
      [constant("W", [3, 5])],
      undefined,
      "sum-is-no-bias",
    ],
    [
      "a computed weight",
      "float[2,3] x, float[3,5] W",
      [constant("c", [5])],
      undefined,
      "product-is-no-dense-layer",
    ],
    [
      "a weight that another operator reads",
      "float[2,3] x",
      [constant("W", [3, 5]), constant("c", [5])],
      "p = MatMul (x, W) y = Add (p, c) z = Neg (W)",
      "product-is-no-dense-layer",
    ],
  ] as const) {
    it(`leaves ${name} to MatMul and Add, which more readers know`, async () => {
      const text = graphText(
        inputs,
        constants,
        nodes ?? "p = MatMul (x, W) y = Add (p, c)",
        nodes ? "y, z" : "y",
      );
      await expectRefused(text, reason, ONLY);
    });
  }

  it("a dense layer without C takes a constant row, and no computed one", async () => {
    const weight = constant("W", [5, 3]);
    await expectRewrite(
      layer("float[2,3] x", [weight, constant("c", [5])], "p = Gemm <transB = 1> (x, W) y = Add (p, c)"),
      ["y = Gemm(x, W, c)"],
      ONLY,
    );
    await expectRefused(
      layer("float[2,3] x, float[2,5] c", [weight], "p = Gemm <transB = 1> (x, W) y = Add (p, c)"),
      "sum-is-no-bias",
      ONLY,
    );
  });

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
    expect(attributesOf(outcome.model.graph.first)).toEqual({ transA: 0n, transB: 1n, alpha: 0.5, beta: 1 });
  });

  it("works in double precision", async () => {
    await expectRewrite(
      layer("double[2,3] x", [
        constant("W", [3, 5], { dtype: "double" }),
        constant("c", [5], { dtype: "double" }),
      ]),
      ["y = Gemm(x, W, c)"],
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
  it("swaps the operands of a Gemm that is no dense layer", async () => {
    const outcome = await expectRewrite(
      graphText("float[2,3] a, float[3,5] b", [], "p = Gemm (a, b) y = Transpose (p)"),
      ["y = Gemm(b, a)"],
      ONLY,
    );
    expect(outcome.model.graph.first?.int("transA")).toBe(1);
    expect(outcome.model.graph.first?.int("transB")).toBe(1);
  });

  it("leaves a MatMul and a dense layer, which more readers know", async () => {
    const reason = "dense-layer-keeps-its-operands";
    await expectRefused(
      graphText("float[2,3] a, float[3,5] b", [], "p = MatMul (a, b) y = Transpose (p)"),
      reason,
      ONLY,
    );
    await expectRefused(
      layer(
        "float[2,3] x",
        [constant("W", [5, 3]), constant("c", [5])],
        "p = Gemm <transB = 1> (x, W, c) y = Transpose (p)",
      ),
      reason,
      ONLY,
    );
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

  it("leaves a Gemm that broadcasts by old rules", async () => {
    await expectRefused(
      graphText(
        "float[2,3] a, float[3,5] b, float[5] c",
        [],
        "p = Gemm <broadcast = 1> (a, b, c) y = Transpose (p)",
      ),
      "broadcasts-by-old-rules",
      { ...ONLY, opset: 6, runnable: "maybe" },
    );
  });
});

describe("Transposes before a product", () => {
  it("stay in front of a MatMul, which more readers know than a Gemm that transposes its input", async () => {
    const outcome = await rewrite(
      graphText("float[3,2] a", [constant("W", [3, 5])], "s = Transpose (a) y = MatMul (s, W)"),
    );
    expect(outcome.ops).toEqual(["s = Transpose(a)", "y = MatMul(s, W)"]);
  });

  it("go into transA and transB of a Gemm that is no dense layer", async () => {
    const outcome = await rewrite(
      graphText(
        "float[3,2] a, float[5,3] b",
        [],
        "s = Transpose (a) t = Transpose (b) u = Relu (t) y = Gemm (s, u)",
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
