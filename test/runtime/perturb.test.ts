import { describe, expect, it } from "vitest";
import { perturbFeeds, perturbWeights } from "../../src/runtime/perturb.js";
import { modelOf, numbers, tensor } from "../support/runtime.js";

describe("perturbWeights", () => {
  it("moves the weights of arithmetic by a rounding or two, and leaves the rest and the original alone", () => {
    const model = modelOf(`g (float[1,2,4,4] x) => (float[] y) <
      float[3,2,1,1] W = {1, -2, 3, 4, 5, 6}, float[4] scales = {1, 1, 2, 2}, float half = {0.5}> {
      k = Constant<value: tensor = float[3] {1, 2, 3}>()
      c = Conv(x, W, k) r = Resize(c, "", scales) y = Mul(r, half)
    }`);
    const copy = perturbWeights(model, 4);
    const read = (of: typeof model, name: string) =>
      [...of.graph.initializers].find((value) => value.name === name)?.tensor?.toFloat64() ?? [];
    const [before, after] = [[...read(model, "W")], [...read(copy, "W")]];
    expect(before).toEqual([1, -2, 3, 4, 5, 6]);
    expect(after).not.toEqual(before);
    after.forEach((value, i) => {
      expect(Math.abs(value / (before[i] ?? 0) - 1)).toBeLessThan(3 * 2 ** -24);
    });
    expect([...read(copy, "scales")]).toEqual([1, 1, 2, 2]);
    expect([...read(copy, "half")]).toEqual([0.5]);
    const constant = (of: typeof model) => of.graph.first?.tensorAttribute("value")?.toFloat64();
    expect(constant(copy)).not.toEqual(constant(model));
    expect([...read(perturbWeights(model, 4), "W")]).toEqual(after);
  });
});

describe("perturbFeeds", () => {
  it("moves floats, keeps integers, and says when there is nothing to move", () => {
    const feeds = new Map([
      ["x", tensor("float", [3], [1, -100, 0])],
      ["i", tensor("int64", [1], [7])],
    ]);
    const moved = perturbFeeds(feeds, 1);
    const x = numbers(moved?.get("x"));
    expect(x[0]).not.toBe(1);
    expect(x[1]).toBeCloseTo(-100, 3);
    expect(x[2]).toBe(0);
    expect(moved?.get("i")).toBe(feeds.get("i"));
    expect(perturbFeeds(new Map([["i", tensor("int64", [1], [7])]]), 1)).toBeUndefined();
  });
});
