import { describe, expect, it } from "vitest";
import { referenceTensor } from "../../../src/float64/tensor.js";
import { checkGradient, emit, gradientTable, modelOf, runInOrt } from "../../support/gradient.js";

describe("Dropout in training form", () => {
  const text = (inputs: string): string =>
    `g (float[40] x) => (float[40] y, bool[40] m) <float r = {0.25}, bool t = {1}> { y, m = Dropout <seed = 3> (${inputs}) }`;

  it.each([
    ["x, r, t", 0.75],
    ["x, , t", 0.5],
  ])("Dropout(%s) passes what it kept, scaled", async (inputs, kept) => {
    const model = modelOf(text(inputs));
    const x = referenceTensor("float", [40], new Float64Array(40).fill(2));
    const ones = referenceTensor("float", [40], new Float64Array(40).fill(1));
    const results = await runInOrt(
      emit(model, "y", ["x"]),
      new Map([
        ["x", x],
        ["gradient_in", ones],
      ]),
      false,
    );
    const mask = results.get("m")?.data ?? [];
    expect(new Set(mask)).toEqual(new Set([0, 1]));
    const gradient = results.get("x_grad")?.data ?? [];
    gradient.forEach((value, index) => {
      expect(value).toBeCloseTo((mask[index] ?? 0) / kept, 5);
    });
  });

  it("looks at the mode when the model runs", async () => {
    const model = modelOf(
      "g (float[8] x, bool t) => (float[8] y) <float r = {0.5}> { y = Dropout <seed = 3> (x, r, t) }",
    );
    const gradients = emit(model, "y", ["x"]);
    const x = referenceTensor("float", [8], new Float64Array(8).fill(2));
    const ones = referenceTensor("float", [8], new Float64Array(8).fill(1));
    for (const mode of [0, 1]) {
      const feeds = new Map([
        ["x", x],
        ["t", referenceTensor("bool", [], [mode])],
        ["gradient_in", ones],
      ]);
      const results = await runInOrt(gradients, feeds, true);
      // y = 2 x mask / keep, so that y / 2 is the derivative.
      expect([...(results.get("x_grad")?.data ?? [])]).toEqual(
        [...(results.get("y")?.data ?? [])].map((value) => value / 2),
      );
    }
  });
});

describe("operators of several tensors", () => {
  it("Range", async () => {
    await checkGradient("g (float a, float b, float d) => (float[4] y) { y = Range(a, b, d) }", {
      feeds: { a: [0.5], b: [2.3], d: [0.5] },
      shapes: { a: [], b: [], d: [] },
    });
  });
});

gradientTable("Dropout in inference form", [["y = Dropout(x)", "[2,3]", "[2,3]"]]);
