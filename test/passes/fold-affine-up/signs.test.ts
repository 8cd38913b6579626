import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

const X = "float[2,3,5,7] x";
const W = constant("w", [4, 3, 3, 3]);
const B = constant("b", [4]);

describe("a Neg, and the sum of a value with itself", () => {
  it.each([
    ["Conv, Neg", "c = Conv (x, w, b) y = Neg (c)", ["y = Conv(x, w, b)"]],
    ["Conv without a bias", "c = Conv (x, w) y = Neg (c)", ["y = Conv(x, w)"]],
    [
      "through a view",
      "c = Conv (x, w, b) f = Flatten (c) y = Neg (f)",
      ["c = Conv(x, w, b)", "y = Flatten(c)"],
    ],
    ["Conv, twice", "c = Conv (x, w, b) y = Add (c, c)", ["y = Conv(x, w, b)"]],
    [
      "through Relu, twice",
      "c = Conv (x, w, b) r = Relu (c) y = Add (r, r)",
      ["c = Conv(x, w, b)", "y = Relu(c)"],
    ],
    ["both in a row", "c = Conv (x, w, b) n = Neg (c) y = Add (n, n)", ["y = Conv(x, w, b)"]],
    ["Neg in front of Conv", "n = Neg (x) y = Conv (n, w, b)", ["y = Conv(x, w, b)"]],
    ["twice in front of Conv", "n = Add (x, x) y = Conv (n, w, b)", ["y = Conv(x, w, b)"]],
    ["Mul, Neg", "n = Mul (x, k) y = Neg (n)", ["y = Mul(x, k_1)"]],
    ["twice, Mul", "n = Add (x, x) y = Mul (n, k)", ["y = Mul(x, k_1)"]],
  ])("%s", async (_, nodes, after) => {
    const { ops } = await rewrite(graphText(X, [W, B, "float k = {0.75}"], nodes));
    expect(ops.map((line) => line.replace(/\w+(?= =)/, "y"))).toEqual(
      after.map((line) => line.replace(/\w+(?= =)/, "y")),
    );
  });

  it.each(["double", "float16"] as const)("of %s", async (dtype) => {
    const weight = constant("w", [3, 4], { dtype });
    await expectRewrite(
      graphText(`${dtype}[2,3] x`, [weight], "m = MatMul (x, w) y = Neg (m)"),
      ["y = MatMul(x, w)"],
      { runnable: dtype === "double" ? true : "maybe" },
    );
  });

  it("a normalization in front or behind", async () => {
    const bn = normalization("bn", 4);
    await expectRewrite(graphText(X, [W, bn], `c = Conv (x, w) ${normalize("n", "c", "bn")} y = Neg (n)`), [
      "y = Conv(x, w, w_bias)",
    ]);
  });

  it("in a body", async () => {
    const model = modelOf(
      graphText(
        `${X}, bool q`,
        [W],
        `y = If (q) <then_branch = t () => (float[2,4,3,5] u) { c = Conv (x, w) u = Neg (c) },
          else_branch = e () => (float[2,4,3,5] v) { d = Conv (x, w) v = Add (d, d) }>`,
      ),
    );
    const { ops } = await rewrite(model);
    expect(ops.filter((line) => /Neg|Add/.test(line))).toEqual([]);
  });

  it("stays where something else reads the value, where nothing takes it, and for integers", async () => {
    await expectKept(graphText(X, [W], "c = Conv (x, w) y = Neg (c)", "y, c"), /is a graph output/);
    await expectKept(graphText(X, [W], "c = Conv (x, w) y = Add (c, c) z = Exp (c)", "y, z"));
    await expectKept(graphText(X, [], "e = Exp (x) y = Neg (e)"));
    await expectKept(graphText("int64[2,3] x", ["int64[3] k = {1,2,3}"], "m = Mul (x, k) y = Neg (m)"));
    await expectKept(graphText(X, [W], "c = Conv (x, w) y = Mul (c, c)"));
    await expectKept(graphText(X, [W], "c = Conv (x, w) r = Relu (c) y = Neg (r)"));
  });
});

describe("a copy for one of several readers", () => {
  it("has a name of its own", async () => {
    const { model } = await rewrite(
      `g (int64[N] i) => (a, b, c) <int8[3,4] q = {1,2,3,4,5,6,7,8,9,10,11,12}, float s = {0.5}, float k = {2}, float l = {3}, float m = {4}> {
        [d] e = DequantizeLinear (q, s) a = Mul (e, k) b = Mul (e, l) c = Mul (e, m) }`,
    );
    const names = [...model.nodes()].flatMap(({ name }) => name ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(1);
  });
});
