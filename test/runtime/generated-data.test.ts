import { describe, expect, it } from "vitest";
import type { Demand } from "../../src/rules/operands/rule.js";
import { makeFeeds, type Style } from "../../src/runtime/generated-data.js";
import type { InputSpec } from "../../src/runtime/inputs.js";
import { numbers } from "../support/runtime.js";

const PLAIN: Style = { seed: 1, magnitude: 1, zeros: 0, integers: "hinted" };

function drawn(
  dtype: InputSpec["dtype"],
  count: number,
  style: Partial<Style> = {},
  demand?: Demand,
): number[] {
  const input: InputSpec = { name: "x", dtype, shape: [count], demand: () => demand };
  return numbers(makeFeeds([input], new Map(), { ...PLAIN, ...style }).get("x"));
}

describe("generated data", () => {
  it("has a stream for each input, so that one more changes no other", () => {
    const input = (name: string): InputSpec => ({
      name,
      dtype: "float",
      shape: [4],
      demand: () => undefined,
    });
    const [one, both] = [[input("a")], [input("a"), input("b")]].map((inputs) =>
      makeFeeds(inputs, new Map(), PLAIN),
    );
    expect(both?.get("a")).toEqual(one?.get("a"));
    expect(both?.get("b")?.data).not.toEqual(both?.get("a")?.data);
  });

  it("takes the elements that are demanded, and a range otherwise", () => {
    expect(drawn("int64", 2, {}, { kind: "elements", elements: [7, undefined] })[0]).toBe(7);
    for (const value of drawn("float", 100, {}, { kind: "range", low: 3, high: 4, whole: false })) {
      expect(value).toBeGreaterThanOrEqual(3);
      expect(value).toBeLessThan(4);
    }
  });

  it("is one number for all where the style says so", () => {
    expect(new Set(drawn("int64", 20, { integers: "ones" }))).toEqual(new Set([1]));
    expect(new Set(drawn("int64", 20, { integers: "zeros" }))).toEqual(new Set([0]));
  });

  it("repeats a million numbers where more are asked for", () => {
    const many = drawn("float", 1_100_000);
    expect(many.slice(1_048_573)).toEqual(many.slice(0, 1_100_000 - 1_048_573));
  });
});
