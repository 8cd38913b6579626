import { describe, expect, it } from "vitest";
import { executedOperators } from "../../support/executed.js";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const ALONE = { passes: ["eliminate-views"] };
const PASS = { passes: ["eliminate-views", "eliminate-dead"] };
const ints = (name: string, ...values: readonly number[]): string =>
  `int64[${values.length}] ${name} = {${values.join(", ")}}`;

describe("views around a MatMul", () => {
  const pairs = [ints("s", 8, 3, 5), ints("t", 8, 5, 7), ints("u", 2, 4, 3, 7)];
  const nodes = "a = Reshape (x, s) b = Reshape (z, t) m = MatMul (a, b) y = Reshape (m, u)";

  it.each([
    ["pairs of matrices", "float[2,4,3,5] x, float[2,4,5,7] z", pairs, nodes, ["y = MatMul(x, z)"]],
    [
      "square ones, of equal sizes all",
      "float[4,4,4,4] x, float[4,4,4,4] z",
      [ints("s", 16, 4, 4), ints("u", 4, 4, 4, 4)],
      "a = Reshape (x, s) b = Reshape (z, s) m = MatMul (a, b) y = Reshape (m, u)",
      ["y = MatMul(x, z)"],
    ],
    [
      "a dynamic number of them",
      "float[N,4,3,5] x, float[N,4,5,7] z",
      [ints("s", -1, 3, 5), ints("t", -1, 5, 7), ints("u", -1, 4, 3, 7)],
      nodes,
      ["y = MatMul(x, z)"],
    ],
    [
      "one pair",
      "float[1,N,5] x, float[1,5,M] z",
      [ints("k", 0)],
      "a = Squeeze (x, k) b = Squeeze (z, k) m = MatMul (a, b) y = Unsqueeze (m, k)",
      ["y = MatMul(x, z)"],
    ],
    [
      "the rows of one matrix",
      "float[2,4,3,5] x",
      [ints("s", 24, 5), ints("u", 2, 4, 3, 7), constant("W", [5, 7])],
      "a = Reshape (x, s) m = MatMul (a, W) y = Reshape (m, u)",
      ["y = MatMul(x, W)"],
    ],
    [
      "a view that others read",
      "float[2,4,3,5] x",
      [ints("s", 24, 5), ints("u", 2, 4, 3, 7), constant("W", [5, 7])],
      "a = Reshape (x, s) m = MatMul (a, W) y = Reshape (m, u) e = ReduceMax <axes = [0]> (a)",
      ["a = Reshape(x, s)", "y = MatMul(x, W)", "e = ReduceMax(a)"],
    ],
  ])("%s", async (_, inputs, constants, text, after) => {
    const outputs = text.includes("e =") ? "y, e" : "y";
    await expectRewrite(graphText(inputs, constants, text, outputs), after, PASS);
  });

  it.each([
    [
      "views that split the matrices",
      "float[8,3,5] x, float[8,5,7] z",
      "a = Reshape (x, s) b = Reshape (z, t) m = MatMul (a, b) y = Reshape (m, u)",
      [ints("s", 8, 3, 5), ints("t", 8, 5, 7), ints("u", 8, 21)],
    ],
    ["axes in front that differ", "float[2,4,3,5] x, float[4,2,5,7] z", nodes, pairs],
    [
      "a matrix that several rows of pairs share",
      "float[2,4,3,5] x, float[1,5,7] z",
      "a = Reshape (x, s) m = MatMul (a, z) y = Reshape (m, u)",
      pairs,
    ],
    [
      "a length that the view changes",
      "float[2,4,15] x, float[5,7] z",
      "a = Reshape (x, s) m = MatMul (a, z) y = Reshape (m, u)",
      pairs,
    ],
  ])("stay: %s", async (_, inputs, text, constants) => {
    await expectRefused(graphText(inputs, constants, text), undefined, ALONE);
  });
});

describe("views around a Gemm", () => {
  const constants = [
    ints("s", -1, 5),
    ints("t", -1, 3, 7),
    constant("W", [5, 7]),
    constant("V", [7, 5]),
    constant("c", [7]),
    constant("one", [1, 1]),
  ];
  const layer = (gemm: string): string => `a = Reshape (x, s) g = Gemm ${gemm} y = Reshape (g, t)`;
  const INPUT = "float[N,3,5] x";

  it.each([
    ["a bias", "(a, W, c)", ["y_product = MatMul(x, W)", "y = Add(y_product, c)"]],
    [
      "a transposed weight",
      "<transB = 1> (a, V, c)",
      ["y_product = MatMul(x, V_1)", "y = Add(y_product, c)"],
    ],
    [
      "a single number",
      "<alpha = 1.0, beta = 1.0> (a, W, one)",
      ["y_product = MatMul(x, W)", "y = Add(y_product, one)"],
    ],
    ["no bias", "(a, W)", ["y = MatMul(x, W)"]],
  ])("%s", async (_, gemm, after) => {
    await expectRewrite(graphText(INPUT, constants, layer(gemm)), after, PASS);
  });

  it("never more is executed, in the whole pipeline too", async () => {
    const text = graphText(INPUT, constants, layer("<transB = 1> (a, V, c)"));
    const { model, ops } = await rewrite(text);
    expect(ops).toHaveLength(2);
    const [before, after] = [await executedOperators(modelOf(text)), await executedOperators(model)];
    expect(after.length).toBeLessThanOrEqual(before.length);
  });

  it.each([
    ["a factor", layer("<alpha = 2.0> (a, W, c)"), "y"],
    ["a factor of the bias", layer("<beta = 0.5> (a, W, c)"), "y"],
    [
      "a transposed input",
      `b = Transpose (x2) ${layer("<transA = 1> (b, W, c)").replace("a = Reshape (x, s)", "")}`,
      "y",
    ],
    ["a view that others read, so that no node falls", `${layer("(a, W, c)")} e = Exp (a)`, "y, e"],
    ["a transposed weight that others read", `${layer("<transB = 1> (a, V, c)")} e = Neg (V)`, "y, e"],
  ])("stay: %s", async (_, nodes, outputs) => {
    await expectRefused(graphText(`${INPUT}, float[6,5] x2`, constants, nodes, outputs), undefined, ALONE);
  });

  it("a bias for each row stays", async () => {
    await expectRefused(
      graphText("float[2,3,5] x, float[6,1] r", constants, layer("(a, W, r)")),
      undefined,
      ALONE,
    );
  });

  // onnxruntime refuses a Gemm of such operands; other tools write it.
  it("pairs of matrices in a Gemm", async () => {
    await expectRewrite(
      graphText(
        "float[1,4,3,5] x, float[4,5,7] z, float[4,3,7] c3",
        [ints("s", 4, 3, 5), ints("t", 1, 4, 3, 7)],
        layer("(a, z, c3)"),
      ),
      ["y_product = MatMul(x, z)", "y = Add(y_product, c3)"],
      { ...PASS, runnable: false },
    );
  });
});
