import { describe, expect, it } from "vitest";
import { CASES, unary } from "../support/activation-spellings.js";
import { expectKept, expectRewrite, rewrite } from "../support/rewrite.js";
import { constant, graphText, literal } from "../support/text.js";

describe("activations that are spelled out", () => {
  for (const [opType, { opset, spellings }] of Object.entries(CASES)) {
    it(`become one ${opType}`, async () => {
      // onnxruntime has no kernel for Swish.
      const target = opType === "Swish" ? "any" : "onnxruntime";
      for (const nodes of spellings)
        await expectRewrite(unary(nodes), [`y = ${opType}(x)`], { opset, target });
    });
  }

  it("keep the parameters that were spelled", async () => {
    const swish = await rewrite(unary("a = Mul (x, three) b = Sigmoid (a) y = Mul (b, x)"), {
      opset: 24,
      target: "any",
    });
    expect(swish.model.graph.first?.float("alpha")).toBe(3);
    const elu = await rewrite(
      unary("p = Greater (x, zero) a = Exp (x) b = Sub (a, one) c = Mul (b, two) y = Where (p, x, c)"),
    );
    expect(elu.model.graph.first?.float("alpha")).toBe(2);
    const gelu = await rewrite(unary(CASES["Gelu"]?.spellings[5] ?? ""), { opset: 20 });
    expect(gelu.model.graph.first?.string("approximate")).toBe("tanh");
  });

  it("PRelu, with a slope along an axis", async () => {
    const nodes = "n = Neg (x) p = Relu (x) q = Relu (n) r = Mul (slope, q) y = Sub (p, r)";
    await expectRewrite(graphText("float[N,3,5] x", [constant("slope", [3, 1])], nodes), [
      "y = PRelu(x, slope)",
    ]);
  });

  it("half precision, whose constants are rounded to it", async () => {
    const half = (name: string, value: number): string => literal(name, [], [value], "float16");
    const text = graphText(
      "float16[N,3,5] x",
      [half("r", Math.SQRT1_2), half("one", 1), half("h", 0.5)],
      "a = Mul (x, r) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, h)",
    );
    await expectRewrite(text, ["y = Gelu(x)"], { opset: 20, runnable: "maybe" });
  });
});

describe("expressions that only look like an activation", () => {
  it("another value is multiplied", async () => {
    await expectKept(
      graphText("float[N,3] x, float[N,3] z", [], "a = Sigmoid (z) y = Mul (x, a)"),
      undefined,
      {
        opset: 24,
      },
    );
    await expectKept(
      graphText(
        "float[N,3] x, float[N,3] z",
        ["float r = {0.70710677}", "float one = {1}", "float h = {0.5}"],
        "a = Mul (z, r) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, h)",
      ),
      undefined,
      { opset: 20 },
    );
  });

  it("a constant is off, or the step runs between other levels", async () => {
    for (const [r, one, h] of [
      [0.7, 1, 0.5],
      [0.70710677, 1.001, 0.5],
      [0.70710677, 1, 0.51],
    ]) {
      const constants = [`float r = {${r}}`, `float one = {${one}}`, `float h = {${h}}`];
      const nodes = "a = Mul (x, r) b = Erf (a) c = Add (b, one) d = Mul (x, c) y = Mul (d, h)";
      await expectKept(graphText("float[N,3] x", constants, nodes), undefined, { opset: 20 });
    }
    for (const [k, six] of [
      [2, 6],
      [3, 5],
    ]) {
      const constants = [`float k = {${k}}`, "float zero = {0}", `float six = {${six}}`, "float d = {6}"];
      const nodes = "a = Add (x, k) b = Clip (a, zero, six) c = Mul (x, b) y = Div (c, d)";
      await expectKept(graphText("float[N,3] x", constants, nodes), undefined, { opset: 14 });
    }
  });

  it.each([
    ["another value is divided", "a = Abs (x) b = Add (a, one) y = Div (z, b)"],
    ["the sum does not start at 1", "a = Abs (x) b = Add (a, two) y = Div (x, b)"],
    ["the other way round", "a = Abs (x) b = Add (a, one) y = Div (b, x)"],
  ])("it is no Softsign: %s", async (_, nodes) => {
    await expectKept(unary(nodes, "float[N,3,5] x, float[N,3,5] z"), undefined, { opset: 17 });
  });

  it("a constant of higher rank makes the result a matrix", async () => {
    const nodes = "a = Exp (x) b = Add (a, one) y = Log (b)";
    await expectKept(graphText("float[5] x", ["float[1,1] one = {1}"], nodes));
    await expectRewrite(graphText("float[5] x", ["float[1] one = {1}"], nodes), ["y = Softplus(x)"]);
    await expectKept(graphText("float[5] x", ["float[1,1] a = {0.25}"], "m = Mul (x, a) y = Max (x, m)"));
  });

  it("the slope of a PRelu that would make the input larger, or of LeakyRelu above one", async () => {
    const nodes = "n = Neg (x) p = Relu (x) q = Relu (n) r = Mul (slope, q) y = Sub (p, r)";
    await expectKept(graphText("float[1,5] x", [constant("slope", [3, 1])], nodes));
    await expectKept(graphText("float[N,5] x", ["float a = {2}"], "m = Mul (x, a) y = Max (x, m)"));
  });

  it("float64, for which onnxruntime has no kernel", async () => {
    const nodes = "a = Add (x, k) b = Clip (a, z, s) c = Div (b, s) y = Mul (x, c)";
    const constants = ["double k = {3}", "double z = {0}", "double s = {6}"];
    await expectKept(graphText("double[N,5] x", constants, nodes), undefined, { opset: 14 });
  });
});
