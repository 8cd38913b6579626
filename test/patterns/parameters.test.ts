import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { parameterOver, reducedAxes, uniformOver } from "../../src/patterns/parameters.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";

const model = parseGraph(
  `g (float[N,3,4] x, float[4] fed) => (float[N,3,4] y) <float[4] last = {1, 2, 3, 4}, float[3,1] middle = {5, 6, 7}, float one = {2}, float[2,1,1] first = {1, 2}> {
     y = Max (x, fed, last, middle, one, first) }`,
  { opset: 17 },
);
const facts = createFacts(model);
const value = (name: string) => valueNamed(model, name);
const over = (name: string, axes: readonly number[]): unknown => {
  const found = parameterOver(value(name), value("x"), axes, facts);
  return found !== undefined && found !== null && "constant" in found
    ? [found.constant.dims, [...found.constant.toFloat64()]]
    : found;
};

describe("a parameter over axes", () => {
  it("is the operand itself where it has their sizes at the end", () => {
    expect(over("fed", [2])).toBe(value("fed"));
    expect(over("last", [2])).toBe(value("last"));
  });

  it("is a constant repeated to their sizes", () => {
    expect(over("one", [2])).toEqual([[4], [2, 2, 2, 2]]);
    expect(over("middle", [1])).toEqual([[3], [5, 6, 7]]);
    expect(over("middle", [1, 2])).toEqual([
      [3, 4],
      [5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7],
    ]);
  });

  it("is none where the operand varies along another axis, or its sizes are unknown", () => {
    expect([over("middle", [2]), over("first", [1]), over("one", [0])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it("uniform parameters have the sizes that are known", () => {
  const found = uniformOver(1, value("x"), [1], facts, "scale");
  expect(
    found !== undefined && found !== null && "constant" in found && [...found.constant.toFloat64()],
  ).toEqual([1, 1, 1]);
  expect(uniformOver(1, value("x"), [0], facts, "scale")).toBeUndefined();
});

it("reduced axes count from the front, ascending, once each", () => {
  const node = { input: () => undefined, ints: () => [-1, 0, 2] };
  expect(reducedAxes(node, 3, facts)).toEqual([0, 2]);
  expect(reducedAxes({ ...node, ints: () => [] }, 3, facts)).toBeUndefined();
  expect(reducedAxes(node, undefined, facts)).toBeUndefined();
});
