import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, rewrite } from "../support/rewrite.js";
import { constant, graphText, literal, normalization, normalize } from "../support/text.js";

const EPS = "float eps = {0.00002}";
const TWO = "float two = {2}";
const gamma = constant("gamma", [5], { low: 0.5, high: 1.5 });
const beta = constant("beta", [5]);
const X = "float[N,3,5] x";

/** d / sqrt(mean(d^2) + eps) over these axes, as d and v. */
function core(
  axes: string,
  { square = "s = Pow (d, two)", end = "r = Sqrt (e) v = Div (d, r)" } = {},
): string {
  return (
    `m = ReduceMean <axes = [${axes}]> (x) d = Sub (x, m) ${square} ` +
    `q = ReduceMean <axes = [${axes}]> (s) e = Add (q, eps) ${end}`
  );
}

const ENDS: Readonly<Record<string, string>> = {
  "Sqrt and Div": "r = Sqrt (e) v = Div (d, r)",
  "Reciprocal and Mul": "r = Sqrt (e) i = Reciprocal (r) v = Mul (i, d)",
  "Pow and Mul": "i = Pow (e, power) v = Mul (d, i)",
};

describe("LayerNormalization that is spelled out", () => {
  for (const [label, end] of Object.entries(ENDS)) {
    it(`by ${label}, the square by Pow or Mul`, async () => {
      for (const square of ["s = Pow (d, two)", "s = Mul (d, d)"]) {
        for (const tail of ["w = Mul (v, gamma) y = Add (w, beta)", "w = Mul (gamma, v) y = Add (beta, w)"]) {
          const constants = [EPS, gamma, beta];
          if (square.includes("two")) constants.push(TWO);
          if (end.includes("power")) constants.push("float power = {-0.5}");
          const outcome = await expectRewrite(
            graphText(X, constants, `${core("-1", { square, end })} ${tail}`),
            ["y = LayerNormalization(x, gamma, beta)"],
          );
          expect(outcome.model.graph.first?.int("axis")).toBe(-1);
          expect(outcome.model.graph.first?.float("epsilon")).toBeCloseTo(2e-5, 9);
        }
      }
    });
  }

  it("without scale, without bias, with a scale of more dimensions, with axes as an input", async () => {
    await expectRewrite(graphText(X, [EPS, TWO], core("-1").replaceAll("v =", "y =")), [
      "y = LayerNormalization(x, ones)",
    ]);
    await expectRewrite(graphText(X, [EPS, TWO, gamma], `${core("2")} y = Mul (v, gamma)`), [
      "y = LayerNormalization(x, gamma)",
    ]);
    const wide = constant("wide", [1, 1, 5]);
    const outcome = await expectRewrite(
      graphText(X, [EPS, TWO, wide, beta], `${core("2")} w = Mul (v, wide) y = Add (w, beta)`),
      ["y = LayerNormalization(x, wide_1, beta)"],
    );
    expect([...outcome.model.graph.initializers].map((value) => value.tensor?.dims)).toContainEqual([5]);
    const inputs = core("-1")
      .replaceAll("<axes = [-1]> ", "")
      .replace("(x)", "(x, last)")
      .replace("(s)", "(s, last)");
    const nodes = `${inputs} w = Mul (v, gamma) y = Add (w, beta)`;
    await expectRewrite(
      graphText(X, [EPS, TWO, gamma, beta, "int64[1] last = {-1}"], nodes),
      ["y = LayerNormalization(x, gamma, beta)"],
      { opset: 18 },
    );
  });

  it("over two axes, and with a scale that is computed", async () => {
    const scale = constant("scale", [3, 5]);
    await expectRewrite(graphText(X, [EPS, TWO, scale], `${core("1, 2")} y = Mul (v, scale)`), [
      "y = LayerNormalization(x, scale)",
    ]);
    await expectRewrite(graphText(`${X}, float[5] g`, [EPS, TWO], `${core("-1")} y = Mul (v, g)`), [
      "y = LayerNormalization(x, g)",
    ]);
  });

  it("as TensorFlow writes it", async () => {
    const nodes =
      "m = ReduceMean <axes = [2]> (x) d = Sub (x, m) s = Mul (d, d) q = ReduceMean <axes = [2]> (s) e = Add (q, eps) " +
      "r = Sqrt (e) i = Reciprocal (r) f = Mul (i, gamma) a = Mul (x, f) b = Mul (m, f) c = Sub (beta, b) y = Add (a, c)";
    await expectRewrite(graphText(X, [EPS, gamma, beta], nodes), ["y = LayerNormalization(x, gamma, beta)"]);
  });

  it("cast up to float32 and back", async () => {
    const half = (name: string): string => constant(name, [5], { dtype: "float16", low: 0.5, high: 1.5 });
    const nodes = `h = Cast <to = 1> (x0) ${core("-1").replaceAll("(x)", "(h)").replaceAll("(x,", "(h,")} z = Cast <to = 10> (v) w = Mul (z, gamma) y = Add (w, beta)`;
    await expectRewrite(
      graphText("float16[N,3,5] x0", [EPS, TWO, half("gamma"), half("beta")], nodes),
      ["y = LayerNormalization(x0, gamma, beta)"],
      { runnable: "maybe" },
    );
  });

  it("takes in a BatchNormalization behind it", async () => {
    await expectRewrite(
      graphText(
        "float[3,5] x",
        [EPS, TWO, gamma, beta, normalization("bn", 5)],
        `${core("-1")} w = Mul (v, gamma) z = Add (w, beta) ${normalize("y", "z", "bn")}`,
      ),
      ["y = LayerNormalization(x, gamma, beta)"],
    );
  });
});

describe("other normalizations that are spelled out", () => {
  it("InstanceNormalization", async () => {
    const parameters = [constant("gamma", [3, 1, 1]), constant("beta", [1, 3, 1, 1])];
    const nodes = `${core("2, 3")} w = Mul (v, gamma) y = Add (w, beta)`;
    await expectRewrite(graphText("float[N,3,4,5] x", [EPS, TWO, ...parameters], nodes), [
      "y = InstanceNormalization(x, gamma_1, beta_1)",
    ]);
    await expectRewrite(graphText("float[N,3,4,5] x", [EPS, TWO], core("-2, -1").replaceAll("v =", "y =")), [
      "y = InstanceNormalization(x, ones, zeros)",
    ]);
  });

  it("RMSNormalization", async () => {
    const square = "s = Mul (x, x) q = ReduceMean <keepdims = 1> (s, last) e = Add (q, eps) r = Sqrt (e)";
    const last = "int64[1] last = {-1}";
    const spellings = [
      `${square} v = Div (x, r) y = Mul (v, gamma)`,
      `${square} i = Reciprocal (r) v = Mul (x, i) y = Mul (gamma, v)`,
      `${square} i = Div (one, r) v = Mul (x, i) y = Mul (gamma, v)`,
    ];
    for (const nodes of spellings) {
      const constants = nodes.includes("one") ? [EPS, last, gamma, "float one = {1}"] : [EPS, last, gamma];
      const outcome = await expectRewrite(
        graphText(X, constants, nodes),
        ["y = RMSNormalization(x, gamma)"],
        {
          opset: 23,
        },
      );
      expect(outcome.model.graph.first?.int("axis")).toBe(-1);
    }
    const text = graphText(X, [EPS, last, gamma], spellings[0] ?? "");
    await expectKept(text, /it spells out RMSNormalization, which opset 22 does not have \(23 has/, {
      opset: 22,
    });
  });

  it("RMSNormalization of double with statistics in double", async () => {
    const text = (eps: string): string =>
      graphText(
        "double[2,3,4] x",
        [`double e = {${eps}}, double[4] g = {1, 2, 3, 4}, int64[1] last = {-1}`],
        "s = Mul (x, x) q = ReduceMean (s, last) v = Add (q, e) r = Sqrt (v) d = Div (x, r) y = Mul (d, g)",
      );
    const { model } = await expectRewrite(text("0.0009765625"), ["y = RMSNormalization(x, g)"], {
      opset: 23,
    });
    expect(model.graph.first?.int("stash_type")).toBe(11);
    // As a float, the epsilon would be another.
    await expectKept(text("0.001"), undefined, { opset: 23 });
  });

  it("GroupNormalization, as PyTorch writes it", async () => {
    const constants = [
      "int64[3] groups = {0, 2, -1}",
      "int64[4] back = {0, 6, 4, 5}",
      literal("ones", [2], [1, 1]),
      literal("zeros", [2], [0, 0]),
      constant("gamma", [6, 1, 1]),
      constant("beta", [6, 1, 1]),
    ];
    const nodes =
      "a = Reshape (x, groups) b = InstanceNormalization <epsilon = 0.001> (a, ones, zeros) c = Reshape (b, back) " +
      "d = Mul (c, gamma) y = Add (d, beta)";
    const text = graphText("float[N,6,4,5] x", constants, nodes);
    const fused = ["y = GroupNormalization(x, gamma_1, beta_1)"];
    const outcome = await expectRewrite(text, fused, { opset: 21, target: "any" });
    expect(outcome.model.graph.first?.int("num_groups")).toBe(2);
    await expectKept(text, /it spells out GroupNormalization, which opset 20 does not have/, { opset: 20 });
    const scaled = graphText("float[N,6,4,5] x", constants.with(2, literal("ones", [2], [1, 2])), nodes);
    await expectKept(scaled, undefined, { opset: 21, target: "any" });
    await expectKept(text, /GroupNormalization, for which onnxruntime has no kernel/, { opset: 21 });
  });

  it("LayerNormalization of double, with statistics of double", async () => {
    const constants = ["double eps = {0.0009765625}", constant("k", [5], { dtype: "double" })];
    const outcome = await expectRewrite(
      graphText("double[N,3,5] x", constants, `${core("-1", { square: "s = Mul (d, d)" })} y = Mul (v, k)`),
      ["y = LayerNormalization(x, k)"],
    );
    expect(outcome.model.graph.first?.int("stash_type")).toBe(11);
  });
});

describe("expressions that only look like a normalization", () => {
  it("epsilon outside the root", async () => {
    const nodes =
      "m = ReduceMean <axes = [-1]> (x) d = Sub (x, m) s = Mul (d, d) q = ReduceMean <axes = [-1]> (s) r = Sqrt (q) " +
      "e = Add (r, eps) y = Div (d, e)";
    await expectKept(graphText(X, [EPS], nodes));
  });

  it("two different axes, or one that is not the last", async () => {
    const mixed = core("-1", { square: "s = Mul (d, d)" }).replace("<axes = [-1]> (s)", "<axes = [1]> (s)");
    await expectKept(graphText("float[N,5,5] x", [EPS, gamma], `${mixed} y = Mul (v, gamma)`));
    await expectKept(graphText(X, [EPS, TWO], core("1").replaceAll("v =", "y =")));
  });

  it("the mean of the square is of another value", async () => {
    const nodes = core("-1", { square: "s = Mul (x, x)" }).replaceAll("v =", "y =");
    await expectKept(graphText(X, [EPS], nodes));
  });

  it("the scale runs along another axis, or makes the result larger", async () => {
    const scale = constant("scale", [3, 1]);
    await expectRewrite(graphText(X, [EPS, TWO, scale], `${core("-1")} y = Mul (v, scale)`), [
      "y = InstanceNormalization(x, scale_1, zeros)",
    ]);
    const rank4 = constant("rank4", [1, 1, 1, 5]);
    await expectRewrite(graphText(X, [EPS, TWO, rank4], `${core("-1")} y = Mul (v, rank4)`), [
      "v = LayerNormalization(x, ones)",
      "y = Mul(v, rank4)",
    ]);
    const { ops } = await rewrite(
      graphText("float[N,3,1] x", [EPS, TWO, gamma], `${core("-1")} y = Mul (v, gamma)`),
    );
    expect(ops).toHaveLength(2);
  });

  it("the mean is used elsewhere; the opset has no LayerNormalization", async () => {
    const text = graphText(X, [EPS, TWO, gamma], `${core("-1")} y = Mul (v, gamma) z = Relu (m)`, "y, z");
    await expectKept(text, /it spells out LayerNormalization, but "m" inside is used elsewhere too/);
    const old = graphText(X, [EPS, TWO, gamma], `${core("-1")} y = Mul (v, gamma)`);
    await expectKept(old, /it spells out LayerNormalization, which opset 16 does not have \(17 has/, {
      opset: 16,
    });
  });

  it("double with an epsilon that the attribute cannot hold, or where InstanceNormalization has no kernel", async () => {
    const constants = ["double eps = {0.00002}"];
    const nodes = core("-1", { square: "s = Mul (d, d)" }).replaceAll("v =", "y =");
    await expectKept(graphText("double[N,3,5] x", constants, nodes));
    const scale = ["double eps = {0.0009765625}", constant("scale", [3, 1], { dtype: "double" })];
    const scaled = `${core("-1", { square: "s = Mul (d, d)" })} y = Mul (v, scale)`;
    await expectRewrite(graphText("double[N,3,5] x", scale, scaled), [
      "v = LayerNormalization(x, ones)",
      "y = Mul(v, scale)",
    ]);
  });
});
