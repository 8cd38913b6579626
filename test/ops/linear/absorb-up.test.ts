import { describe, expect, it } from "vitest";
import { expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

const SIZES: Readonly<Record<string, Sizes>> = {
  "all sizes different": { m: 3, k: 4, n: 5 },
  "all sizes equal": { m: 3, k: 3, n: 3 },
};

describe("BatchNormalization into Gemm", () => {
  for (const [label, { m, k, n }] of Object.entries(SIZES)) {
    const biases: Readonly<Record<string, readonly number[] | undefined>> = {
      none: undefined,
      scalar: [],
      "[1]": [1],
      "[N]": [n],
      "[1,N]": [1, n],
      "[M,1]": [m, 1],
      "[M,N]": [m, n],
    };
    for (const [bias, dims] of Object.entries(biases)) {
      it(`${label}, C ${bias}, every alpha, beta, transA and transB`, async () => {
        for (const transA of [0, 1]) {
          for (const transB of [0, 1]) {
            for (const [alpha, beta] of [
              [1, 1],
              [0.5, 1],
              [1, -2.5],
              [-1.5, 0.75],
              [1, 0],
            ]) {
              const attributes = `<alpha: float = ${alpha}, beta: float = ${beta}, transA = ${transA}, transB = ${transB}>`;
              await expectRewrite(
                graphText(
                  `float[${transA ? [k, m] : [m, k]}] x`,
                  [
                    constant("W", transB ? [n, k] : [k, n]),
                    ...(dims === undefined ? [] : [constant("C", dims)]),
                    normalization("bn", n),
                  ],
                  `c = Gemm ${attributes} (x, W${dims === undefined ? "" : ", C"}) ${normalize("y", "c", "bn")}`,
                ),
                [dims === undefined ? "y = Gemm(x, W, W_bias)" : "y = Gemm(x, W, C)"],
              );
            }
          }
        }
      });
    }
  }

  it("C skipped by an empty name", async () => {
    await expectRewrite(
      graphText(
        "float[N,4] x",
        [constant("W", [4, 5]), normalization("bn", 5)],
        `c = Gemm <beta = 3.0> (x, W, "") ${normalize("y", "c", "bn")}`,
      ),
      ["y = Gemm(x, W, W_bias)"],
    );
  });

  it("a scale alone needs no C", async () => {
    await expectRewrite(
      graphText(
        "float[N,4] x",
        [constant("W", [4, 5]), constant("s", [5])],
        "c = Gemm (x, W) y = Mul (s, c)",
      ),
      ["y = Gemm(x, W)"],
    );
  });

  it("a scale cannot pass a C that is computed", async () => {
    const { ops, refusalText } = await rewrite(
      graphText(
        "float[N,4] x, float[5] z",
        [constant("W", [4, 5]), constant("s", [5])],
        "c = Gemm (x, W, z) y = Mul (s, c)",
      ),
    );
    expect(ops).toHaveLength(2);
    expect(refusalText).toMatch(/bias C "z" is a graph input/);
  });

  it("double", async () => {
    await expectRewrite(
      graphText(
        "double[N,4] x",
        [
          constant("W", [4, 5], { dtype: "double" }),
          constant("C", [5], { dtype: "double" }),
          normalization("bn", 5, "double"),
        ],
        `c = Gemm (x, W, C) ${normalize("y", "c", "bn")}`,
      ),
      ["y = Gemm(x, W, C)"],
    );
  });
});

describe("into MatMul of matrices", () => {
  for (const [label, { m, k, n }] of Object.entries(SIZES)) {
    const w = constant("W", [k, n]);
    const x = `float[${m},${k}] x`;
    it(`BatchNormalization makes it a Gemm, ${label}`, async () => {
      await expectRewrite(
        graphText(x, [w, normalization("bn", n)], `c = MatMul (x, W) ${normalize("y", "c", "bn")}`),
        ["y = Gemm(x, W, W_bias)"],
      );
    });
    for (const sum of ["Add (c, b)", "Add (b, c)", "Sub (c, b)", "Sub (b, c)"]) {
      it(`${sum}, then BatchNormalization, ${label}`, async () => {
        await expectRewrite(
          graphText(
            x,
            [w, constant("b", [n]), normalization("bn", n)],
            `c = MatMul (x, W) a = ${sum} ${normalize("y", "a", "bn")}`,
          ),
          ["y = Gemm(x, W, W_bias)"],
        );
      });
    }
    it(`a scale alone leaves it a MatMul, ${label}`, async () => {
      await expectRewrite(graphText(x, [w, constant("s", [1, n])], "c = MatMul (x, W) y = Mul (c, s)"), [
        "y = MatMul(x, W)",
      ]);
    });
    it(`a constant on the left with a scale along the rows, ${label}`, async () => {
      await expectRewrite(
        graphText(
          `float[${k},${n}] x`,
          [constant("W", [m, k]), constant("s", [m, 1])],
          "c = MatMul (W, x) y = Mul (c, s)",
        ),
        ["y = MatMul(W, x)"],
      );
    });
  }

  it("in double", async () => {
    await expectRewrite(
      graphText(
        "double[N,4] x",
        [constant("W", [4, 5], { dtype: "double" }), normalization("bn", 5, "double")],
        `c = MatMul (x, W) ${normalize("y", "c", "bn")}`,
      ),
      ["y = Gemm(x, W, W_bias)"],
    );
  });
});

describe("into MatMul with more axes", () => {
  it("the last axis: the shift stays as one Add", async () => {
    await expectRewrite(
      graphText(
        "float[N,3,4] x",
        [constant("W", [4, 5]), constant("s", [5]), constant("t", [5])],
        "c = MatMul (x, W) m = Mul (c, s) y = Add (m, t)",
      ),
      ["m = MatMul(x, W)", "y = Add(m, t)"],
    );
  });

  it("a constant on the left: BatchNormalization runs along its rows", async () => {
    for (const [m, k, l] of [
      [5, 4, 3],
      [4, 4, 4],
    ] as const) {
      const before = graphText(
        `float[N,${k},${l}] x`,
        [constant("W", [m, k]), normalization("bn", m)],
        `c = MatMul (W, x) ${normalize("y", "c", "bn")}`,
      );
      await expectRewrite(before, ["c = MatMul(W, x)", "y = Add(c, c_shift)"]);
    }
  });

  it("batched weights on the right", async () => {
    await expectRewrite(
      graphText(
        "float[N,2,3,4] x",
        [constant("W", [2, 4, 5]), constant("s", [5]), constant("t", [5])],
        "c = MatMul (x, W) m = Div (c, s) y = Sub (m, t)",
      ),
      ["m = MatMul(x, W)", "y = Sub(m, t)"],
    );
  });

  it("batched weights on the left", async () => {
    await expectRewrite(
      graphText(
        "float[N,2,4,3] x",
        [constant("W", [2, 5, 4]), constant("s", [5, 1])],
        "c = MatMul (W, x) y = Mul (c, s)",
      ),
      ["y = MatMul(W, x)"],
    );
  });

  it("a batched weight scaled along its batch axis stays", async () => {
    for (const n of [2, 5]) {
      const { ops } = await rewrite(
        graphText(
          "float[N,2,3,4] x",
          [constant("W", [2, 4, n]), constant("s", [2, 1, 1])],
          "c = MatMul (x, W) y = Mul (c, s)",
        ),
      );
      expect(ops).toHaveLength(2);
    }
  });

  it("a vector on either side", async () => {
    await expectRewrite(
      graphText(
        "float[4] x",
        [constant("W", [4, 5]), constant("s", [5])],
        "c = MatMul (x, W) y = Mul (c, s)",
      ),
      ["y = MatMul(x, W)"],
    );
    await expectRewrite(
      graphText(
        "float[4] x",
        [constant("W", [5, 4]), constant("s", [5])],
        "c = MatMul (W, x) y = Mul (c, s)",
      ),
      ["y = MatMul(W, x)"],
    );
    await expectRewrite(
      graphText(
        "float[2,4] x",
        [constant("W", [4, 4]), constant("s", [4, 1])],
        "v = Unsqueeze (x, axes) r = Relu (v) c = MatMul (W, r) y = Mul (c, s)",
      ).replace("<float", "<int64[1] axes = {-1}, float"),
      ["v = Unsqueeze(x, axes)", "r = Relu(v)", "y = MatMul(W, r)"],
    );
  });

  it("a scalar on either operand of any rank", async () => {
    for (const nodes of ["c = MatMul (x, W) y = Mul (c, s)", "c = MatMul (W, x) y = Div (c, s)"]) {
      const { ops } = await rewrite(
        graphText("float[2,4,4] x", [constant("W", [4, 4]), constant("s", [])], nodes),
      );
      expect(ops).toHaveLength(1);
    }
  });
});
