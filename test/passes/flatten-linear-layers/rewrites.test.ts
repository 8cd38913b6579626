import { describe, expect, it } from "vitest";
import { executedOperators } from "../../support/executed.js";
import { expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, modelText } from "../../support/text.js";

const PASS = { passes: ["flatten-linear-layers"] };
const CONSTANTS = [
  ...["V", "W", "U"].map((name) => constant(name, [6, 8])),
  constant("T", [8, 6]),
  constant("b", [8]),
  constant("c", [6]),
  constant("k", [1, 1, 6]),
  constant("gamma", [6]),
  constant("beta", [6]),
  "int64[4] heads = {-1, 5, 2, 4}, int64[2] flat = {-1, 6}, int64[2] wide = {-1, 8}, int64[3] back = {-1, 5, 8}, int64 at = {0}",
];
const HEADS =
  "p = MatMul (x, W) a = Add (p, b) q = Reshape (a, heads) r = MatMul (x, V) d = Add (b, r) y = Reshape (d, heads)";

const text = (nodes: string, input = "float[N,5,6] x", outputs = "y"): string =>
  graphText(input, CONSTANTS, nodes, outputs);

describe("linear layers that read one value", () => {
  it("read one matrix of its rows, and views read their matrices", async () => {
    await expectRewrite(
      text(`${HEADS} z = Sub (y, q)`, undefined, "z"),
      [
        "x_rows = Reshape(x, p_shape)",
        "p_1 = MatMul(x_rows, W)",
        "a_1 = Add(p_1, b)",
        "q = Reshape(a_1, q_shape)",
        "r_1 = MatMul(x_rows, V)",
        "d_1 = Add(b, r_1)",
        "y = Reshape(d_1, y_shape)",
        "z = Sub(y, q)",
      ],
      PASS,
    );
  });

  it("become one Gemm each", async () => {
    const { model } = await rewrite(text(`${HEADS} z = Sub (y, q)`, undefined, "z"));
    expect([...model.nodes()].map(({ opType }) => opType).sort()).toEqual(
      ["Gemm", "Gemm", "Reshape", "Reshape", "Reshape", "Sub"].sort(),
    );
  });

  it("read the matrix that a view gives already", async () => {
    const { ops } = await rewrite(
      text(
        "m = Reshape (x, flat) z = Exp (m) p = MatMul (x, W) a = Add (p, b) y = Reshape (a, heads)",
        undefined,
        "y, z",
      ),
      PASS,
    );
    expect(ops.filter((line) => line.includes("Reshape"))).toHaveLength(2);
  });
});

describe("what is between linear layers", () => {
  it("works on rows too: elementwise operators, sums, a normalization", async () => {
    const nodes = `p = MatMul (x, W) a = Add (p, b) e = Sigmoid (a) f = Mul (a, e) g = MatMul (f, T) h = Add (g, c)
      i = Mul (h, k) j = Add (i, x) l = LayerNormalization <axis = 2> (j, gamma, beta)
      o = Add (j, l) m = MatMul (o, V) n = Add (m, b) y = Reshape (n, heads)`;
    const { ops, model } = await rewrite(text(nodes), { passes: ["flatten-linear-layers", "fuse-gemm"] });
    expect(ops.filter((line) => line.includes("Reshape"))).toHaveLength(2);
    expect([...model.nodes()].filter(({ opType }) => opType === "Gemm")).toHaveLength(3);
    const normalization = [...model.nodes()].find(({ opType }) => opType === "LayerNormalization");
    expect(normalization?.int("axis", 0)).toBe(-1);
  });

  it("loses no SkipLayerNormalization", async () => {
    const nodes = `p = MatMul (x, W) a = Add (p, b) e = Relu (a) g = MatMul (e, T) h = Add (g, c)
      j = Add (h, x) l = LayerNormalization (j, gamma, beta) m = MatMul (l, V) n = Add (m, b) y = Reshape (n, heads)`;
    const { model, original } = await rewrite(text(nodes, "float[3,5,6] x"));
    const [before, after] = [await executedOperators(original), await executedOperators(model)];
    const skip = "com.microsoft.SkipLayerNormalization";
    expect(before).toContain(skip);
    expect(after).toContain(skip);
    expect(after.length).toBeLessThan(before.length);
  });

  it("gives a graph output, and what reads it otherwise, its own shape", async () => {
    const nodes =
      "p = MatMul (x, W) a = Add (p, b) e = Tanh (a) g = MatMul (e, T) y = Add (g, c) z = Softmax <axis = 1> (y)";
    const { ops } = await rewrite(text(nodes, "float[3,5,6] x", "y, z"), PASS);
    expect(ops.at(-2)).toMatch(/^y = Reshape/);
    expect(ops.at(-1)).toBe("z = Softmax(y)");
  });

  it("starts at views of a Gemm", async () => {
    const nodes =
      "m = Reshape (x, flat) p = Gemm (m, W, b) a = Reshape (p, back) e = Relu (a) f = Softplus (e) g = Reshape (f, wide) y = Gemm (g, T, c)";
    const { ops } = await rewrite(text(nodes), {
      passes: ["flatten-linear-layers", "eliminate-no-op-movement"],
    });
    expect(ops).toHaveLength(5);
  });
});

/** What is not rewritten: input, nodes, and an opset other than 17. */
const KEPT: readonly (readonly [what: string, input: string, nodes: string, opset?: number])[] = [
  ["one alone", "float[N,5,6] x", "p = MatMul (x, W) y = Add (p, b)"],
  [
    "of unknown sizes that nothing gives back",
    "float[N,M,6] x",
    "p = MatMul (x, W) a = Add (p, b) e = Tanh (a) g = MatMul (e, T) y = Add (g, c)",
  ],
  [
    "with a bias along another axis",
    "float[N,8,6] x",
    "p = MatMul (x, W) a = Add (p, k8) y = Reshape (a, heads8)",
  ],
  [
    "with a weight of others too",
    "float[N,5,6] x",
    "p = MatMul (x, W) a = Add (p, b) y = Reshape (a, heads) z = Neg (W)",
  ],
  [
    "with weights for each matrix",
    "float[2,5,6] x",
    "p = MatMul (x, W3) a = Add (p, b) y = Reshape (a, heads)",
  ],
  [
    "before operators broadcast",
    "float[3,5,6] x",
    "p = MatMul (x, W) a = Add (p, b) y = Reshape (a, heads)",
    6,
  ],
];

describe("linear layers stay", () => {
  it.each(KEPT.map(([what, input, nodes, opset = 17]) => [what, input, nodes, opset] as const))(
    "%s",
    async (_, input, nodes, opset) => {
      const more = [constant("k8", [8, 1]), constant("W3", [2, 6, 8]), "int64[4] heads8 = {-1, 8, 2, 4}"];
      const outputs = nodes.includes("z = ") ? "y, z" : "y";
      const model = modelText(graphText(input, [...CONSTANTS, ...more], nodes, outputs), { opset });
      const { rewrites } = await rewrite(model, { ...PASS, runnable: opset !== 6 });
      expect(rewrites).toEqual([]);
    },
  );

  it("where a runtime that makes no Reshapes executes no more of them", async () => {
    const nodes = "p = MatMul (x, W) a = Add (p, b) y = Reshape (a, heads)";
    const options = { passes: ["flatten-linear-layers"] };
    const fixed = text(nodes, "float[3,5,6] x");
    expect((await rewrite(fixed, options)).rewrites).toHaveLength(1);
    expect((await rewrite(fixed, { ...options, target: "any" })).rewrites).toEqual([]);
  });
});
