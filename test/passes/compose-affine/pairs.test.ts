import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, literal, normalization, normalize } from "../../support/text.js";

const k = constant("k", [5, 1, 1], { low: 0.5, high: 2 });
const l = constant("l", [1, 5, 1, 1], { low: 0.5, high: 2 });
const s = constant("s", [], { low: 2, high: 3 });
const X = "float[N,5,6,7] x";
const bn = normalization("bn", 5);

describe("pairs without a linear operator near", () => {
  const cases: Readonly<
    Record<string, readonly [constants: readonly string[], nodes: string, after: string]>
  > = {
    "two BatchNormalizations": [
      [bn, normalization("c", 5)],
      `${normalize("a", "x", "bn")} ${normalize("y", "a", "c", "<epsilon = 0.5>")}`,
      "y = BatchNormalization(x, bn_gamma, bn_beta, bn_mean, bn_var)",
    ],
    "BatchNormalization, Mul, Add": [
      [bn, k, l],
      `${normalize("a", "x", "bn")} m = Mul (k, a) y = Add (m, l)`,
      "y = BatchNormalization(x, bn_gamma, bn_beta, bn_mean, bn_var)",
    ],
    "BatchNormalization, scalar Div, Sub from a constant": [
      [bn, s, l],
      `${normalize("a", "x", "bn")} m = Div (a, s) y = Sub (l, m)`,
      "y = BatchNormalization(x, bn_gamma, bn_beta, bn_mean, bn_var)",
    ],
    "Mul and Div": [[k, l], "m = Mul (x, k) y = Div (m, l)", "y = Mul(x, l)"],
    "Add, Sub and Add": [[k, l, s], "a = Add (x, k) b = Sub (a, l) y = Add (s, b)", "y = Add(x, s)"],
    "scalars of different shapes": [
      [s, constant("t", [1, 1, 1, 1])],
      "a = Mul (s, x) y = Mul (a, t)",
      "y = Mul(x, t)",
    ],
  };
  for (const [name, [constants, nodes, after]] of Object.entries(cases)) {
    it(name, async () => {
      const { ops } = await rewrite(graphText(X, constants, nodes));
      expect(ops).toHaveLength(1);
      expect(ops[0]?.replace(/_1\b/g, "")).toBe(after);
    });
  }

  it("Mul, then BatchNormalization", async () => {
    const { ops } = await rewrite(
      graphText(
        X,
        [bn, k, s],
        `a = Mul (x, k) b = Add (a, s) ${normalize("y", "b", "bn", "<epsilon = 0.5>")}`,
      ),
    );
    expect(ops.map((line) => line.replace(/\(x.*/, ""))).toEqual(["y = BatchNormalization"]);
  });

  it("a Mul and an Add are as cheap as it gets", async () => {
    await expectRefused(graphText(X, [k, l], "m = Mul (x, k) y = Add (m, l)"));
  });

  it("all sizes equal", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[3,3,3,3] x",
        [normalization("bn", 3), constant("k", [3, 1, 1])],
        `${normalize("a", "x", "bn")} y = Mul (a, k)`,
      ),
    );
    expect(ops).toHaveLength(1);
  });
});

describe("pairs that stay", () => {
  it("along different axes of equal sizes", async () => {
    const before = graphText(
      "float[4,4,4,4] x",
      [normalization("bn", 4), constant("k", [4, 1])],
      `${normalize("a", "x", "bn")} y = Mul (a, k)`,
    );
    expect((await rewrite(before)).ops).toHaveLength(2);
  });

  it("a value in between with another reader", async () => {
    const { ops } = await rewrite(
      graphText(X, [bn, k], `${normalize("a", "x", "bn")} z = Relu (a) y = Mul (a, k)`, "y, z"),
    );
    expect(ops).toHaveLength(3);
  });

  it("a value between that is a graph output", async () => {
    const { ops } = await rewrite(
      graphText(X, [bn, k], `${normalize("a", "x", "bn")} y = Mul (a, k)`, "y, a"),
    );
    expect(ops).toHaveLength(2);
  });

  it("parameters that other nodes read are left to them", async () => {
    const { model, ops } = await rewrite(
      graphText(
        X,
        [bn, k],
        `${normalize("a", "x", "bn")} y = Mul (a, k) r = Relu (x) ${normalize("z", "r", "bn")}`,
        "y, z",
      ),
    );
    expect(ops).toHaveLength(3);
    expect(model.graph.initializers.size).toBe(6);
  });

  it("one constant in several roles", async () => {
    const { ops } = await rewrite(
      graphText(
        X,
        [constant("p", [5], { low: 0.5, high: 1.5 }), k],
        "a = BatchNormalization (x, p, p, p, p) b = Mul (a, k) c = BatchNormalization (b, p, p, p, p) y = Add (c, k)",
      ),
    );
    expect(ops).toHaveLength(1);
  });

  it("float16 parameters that would overflow", async () => {
    await expectRewrite(
      graphText(
        "float16[N,2,3] x",
        [
          literal("g", [2], [0.5, 2], "float16"),
          literal("o", [2], [0, 0], "float16"),
          literal("v", [2], [1, 1], "float16"),
          literal("k", [], [40000], "float16"),
        ],
        "a = BatchNormalization (x, g, o, o, v) y = Mul (a, k)",
      ),
      ["a = BatchNormalization(x, g, o, o, v)", "y = Mul(a, k)"],
      { runnable: "maybe" },
    );
  });
});

describe("versions of BatchNormalization", () => {
  for (const opset of [7, 8, 9, 13, 14, 15, 17, 22, 24, 28]) {
    it(`opset ${opset}`, async () => {
      const { ops } = await rewrite(
        graphText(
          "float[N,3,6,7] x",
          [constant("W", [5, 3, 2, 3]), bn],
          `c = Conv (x, W) ${normalize("y", "c", "bn", "<momentum = 0.5, epsilon = 0.01>")}`,
        ),
        // The newest operator sets are ahead of onnxruntime.
        { opset, runnable: opset > 22 ? "maybe" : true },
      );
      expect(ops).toEqual(["y = Conv(x, W, W_bias)"]);
    });
  }

  for (const opset of [1, 6]) {
    it(`opset ${opset}, which onnxruntime does not run, with is_test`, async () => {
      const attributes = `<is_test = 1${opset === 1 ? ", consumed_inputs = [0, 0, 0, 1, 1]" : ""}>`;
      await expectRewrite(
        graphText(
          "float[N,3,6,7] x",
          [constant("W", [5, 3, 2, 3]), bn],
          `c = Conv (x, W) ${normalize("y", "c", "bn", attributes)}`,
        ),
        ["y = Conv(x, W, W_bias)"],
        { opset, runnable: false },
      );
    });

    it(`opset ${opset} without is_test is the training form`, async () => {
      await expectRefused(
        graphText(
          "float[N,3,6,7] x",
          [constant("W", [5, 3, 2, 3]), bn],
          `c = Conv (x, W) ${normalize("y", "c", "bn")}`,
        ),
        /is_test = 0/,
        { opset, runnable: false },
      );
    });
  }
});
