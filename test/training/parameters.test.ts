import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { verify } from "../../src/ir/verify.js";
import { parseGraph } from "../../src/text/parse.js";
import { becomeInput, trainableParameters } from "../../src/training/parameters.js";
import { valueNamed } from "../support/facts.js";
import { sketch } from "../support/text.js";

const text = `g (float[N,2] x) => (float[N,2] y)
  <float[2,2] W = {1, 2, 3, 4}, float[2] b = {1, 2}, float[2] g = {1, 1}, float[2] h = {0, 0}, float[2] m = {0, 0}, float[2] v = {1, 1},
   float half = {0.5}, float low = {0}, float[2] unused = {1, 2}, int64[1] s = {2}> {
    c = Gemm (x, W, b) n = BatchNormalization (c, g, h, m, v) r = Clip (n, low) a = Mul (r, half) y = Expand (a, s) z = Neg (unused) }`;

describe("trainableParameters", () => {
  const found = (freeze: (name: string) => boolean = () => false): Record<string, boolean> => {
    const model = parseGraph(text, { opset: 17 });
    const parameters = trainableParameters(model.graph, valueNamed(model, "y"), createFacts(model), {
      freeze,
    });
    return Object.fromEntries(parameters.map(({ value, decays }) => [value.name, decays]));
  };

  it("are weights, biases, scales and shifts on the way to the output; only weights decay", () => {
    expect(found()).toEqual({ W: true, b: false, g: false, h: false });
  });

  it("may be frozen, but not all of them", () => {
    expect(found((name) => name !== "b")).toEqual({ b: false });
    expect(() => found(() => true)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

it("becomeInput keeps name, type and readers", () => {
  const model = parseGraph(text, { opset: 17 });
  const value = valueNamed(model, "W");
  if (value.tensor === undefined) throw new Error("a constant");
  const input = becomeInput(model.graph, value, value.tensor);
  expect([input.name, input.type, input.isGraphInput]).toEqual([
    "W",
    { kind: "tensor", dtype: "float", shape: [2, 2] },
    true,
  ]);
  expect(sketch(model)[0]).toBe("c = Gemm(x, W, b)");
  expect(verify(model)).toEqual([]);
});
