import { describe, expect, it } from "vitest";
import { optimize, parseGraph, print, summarize } from "../../src/index.js";
import { defineSpelling } from "../../src/library/spelling.js";

/** x * sigmoid(x) with an added constant, as a made-up network might have it. */
const gate = defineSpelling({
  name: "write-gate-otherwise",
  summary: "a gate as a product of the sigmoid",
  before: "g (x) => (y) <float half = {0.5}> { t = Tanh(x)  s = Add(half, t)  y = Mul(s, x) }",
  after: "g (x) => (y) <float half = {0.5}> { t = Tanh(x)  p = Mul(x, t)  h = Mul(x, half)  y = Add(p, h) }",
  numerics: "rounding",
});

async function operators(text: string, pass = gate): Promise<string> {
  const { model, report } = await optimize(parseGraph(text), { passes: [pass] });
  expect(report.check?.status).toBe("equal");
  expect(report.rolledBack).toEqual([]);
  return print(model).replaceAll(/\s+/g, " ");
}

describe("defineSpelling", () => {
  it.each([
    "g (float[2,3] x) => (float[2,3] y) <float c = {0.5}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x) }",
    "g (float[2,3] x) => (float[2,3] y) { c = Constant<value_float = 0.5>()  t = Tanh(x)  s = Add(t, c)  y = Mul(x, s) }",
    "g (float[2,3] x) => (float[2,3] z) <float c = {0.5}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x)  z = Neg(y) }",
  ])("puts one expression in the place of another: %s", async (text) => {
    const result = await operators(text);
    expect(result).toMatch(/Mul\(x, \w+\).*Mul\(x, \w+\).*Add\(/);
  });

  it.each([
    [
      "another constant",
      "g (float[2] x) => (float[2] y) <float c = {0.6}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x) }",
    ],
    [
      "a constant of other sizes",
      "g (float[2] x) => (float[2] y) <float[1] c = {0.5}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x) }",
    ],
    [
      "a constant of another type",
      "g (double[2] x) => (double[2] y) <double c = {0.5}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x) }",
    ],
    [
      "two values for one",
      "g (float[2] x, float[2] z) => (float[2] y) <float c = {0.5}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, z) }",
    ],
    [
      "a reader outside",
      "g (float[2] x) => (float[2] y, float[2] s) <float c = {0.5}> { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x) }",
    ],
    [
      "a computed constant",
      "g (float[2] x, float c) => (float[2] y) { t = Tanh(x)  s = Add(c, t)  y = Mul(s, x) }",
    ],
  ])("leaves an expression with %s alone", async (_, text) => {
    const { model, report } = await optimize(parseGraph(text), { passes: [gate] });
    expect(report.rewrites).toEqual([]);
    expect(summarize(model).operators).toMatchObject({ Tanh: 1, Add: 1, Mul: 1 });
  });

  it("asks for the same attributes, and carries those of what it writes", async () => {
    const pass = defineSpelling({
      name: "write-elu-otherwise",
      summary: "an Elu of alpha 1 behind an Elu is a Celu behind it",
      before: "g (x) => (y) { e = LeakyRelu<alpha = 0.5>(x)  y = Elu<alpha = 1.0>(e) }",
      after: "g (x) => (y) { e = LeakyRelu<alpha = 0.5>(x)  y = Celu<alpha = 1.0>(e) }",
      numerics: "rounding",
    });
    const text = (alpha: number): string =>
      `g (float[4] x) => (float[4] y) { e = LeakyRelu<alpha = ${alpha}>(x)  y = Elu<alpha = 1.0>(e) }`;
    expect(await operators(text(0.5), pass)).toMatch(/LeakyRelu ?<alpha.*0\.5.*Celu ?<alpha/);
    expect(await operators(text(0.25), pass)).not.toContain("Celu");
  });

  it("is undone where it is wrong", async () => {
    const wrong = defineSpelling({
      name: "write-wrong",
      summary: "no Exp is a Neg",
      before: "g (x) => (y) { y = Exp(x) }",
      after: "g (x) => (y) { y = Neg(x) }",
      numerics: "exact",
    });
    const { report } = await optimize(parseGraph("g (float[2] x) => (float[2] y) { y = Exp(x) }"), {
      passes: [wrong],
    });
    expect(report.check?.status).toBe("equal");
    expect(report.rolledBack).toMatchObject([{ pass: "write-wrong" }]);
  });

  it.each([
    ["spellings-differ", "g (x) => (y) { y = Exp(x) }", "g (z) => (y) { y = Exp(z) }"],
    [
      "spellings-differ",
      "g (x) => (y, z) { y = Exp(x)  z = Neg(x) }",
      "g (x) => (y, z) { y = Exp(x)  z = Neg(x) }",
    ],
    ["spelling-has-no-node", "g (x) => (x) { }", "g (x) => (x) { }"],
  ])("refuses: %s", (id, before, after) => {
    const spelling = { name: "write-it", summary: "s", before, after, numerics: "exact" } as const;
    expect(() => defineSpelling(spelling)).toThrow(expect.objectContaining({ id, code: "usage" }));
  });
});
