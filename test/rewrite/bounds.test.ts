import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { boundedBy, givenBounds, isWithin, rangeOf, UNBOUNDED } from "../../src/rewrite/bounds.js";
import { modelOf } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const CONSTANTS = [
  "float a = {-1}",
  "float d = {6}",
  "float[1] one = {1}",
  "float[1,1,1] wide = {1}",
  "float[5] row = {1,2,3,4,5}",
];

function bounds(node: string, opset = 17): readonly unknown[] | undefined {
  const model = modelOf(graphText("float[N,5] x, float[N,5] z", CONSTANTS, `y = ${node}`), opset);
  const found = boundedBy(present(model.graph.first, "a node"), createFacts(model));
  return found && [found.input.name, found.index, found.low, found.high];
}

describe("bounds", () => {
  it.each([
    ["Relu (x)", ["x", 0, 0, Infinity]],
    ["Clip (x, a, d)", ["x", 0, -1, 6]],
    ["Clip (x, a)", ["x", 0, -1, Number.MAX_VALUE]],
    ["Min (x, d)", ["x", 0, -Infinity, 6]],
    ["Max (one, x)", ["x", 1, 1, Infinity]],
  ])("of %s", (node, expected) => {
    expect(bounds(node)).toEqual(expected);
  });

  it("are not known of others", () => {
    for (const node of [
      "Exp (x)",
      "Min (x, z)",
      "Min (x, row)",
      "Max (x, wide)",
      "Clip (x, d, a)",
      "Min (x)",
    ])
      expect(bounds(node)).toBeUndefined();
    expect(bounds("Min (x, d)", 7)).toBeUndefined();
  });

  it("without the end of the type; within each other; of an operator that is never negative", () => {
    expect(givenBounds({ low: -Number.MAX_VALUE, high: 6 })).toEqual({ low: -Infinity, high: 6 });
    expect(isWithin({ low: 0, high: 1 }, { low: 0, high: 6 })).toBe(true);
    expect(isWithin(UNBOUNDED, { low: 0, high: 6 })).toBe(false);
    const [sigmoid, exp, tanh] = [
      ...modelOf(graphText("float[3] x", [], "a = Sigmoid (x) b = Exp (a) y = Tanh (b)")).nodes(),
    ];
    expect(rangeOf(present(sigmoid, "a node"))).toEqual({ low: 0, high: 1 });
    expect(rangeOf(present(exp, "a node"))).toEqual({ low: 0, high: Infinity });
    expect(rangeOf(present(tanh, "a node"))).toBeUndefined();
  });
});
