import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { Builder } from "../../../src/ir/builder.js";
import type { Value } from "../../../src/ir/graph.js";
import { evaluateReference } from "../../../src/reference/evaluate.js";
import {
  axesBut,
  elementCount,
  joinSizes,
  range,
  sizeParts,
  sizesOf,
} from "../../../src/rules/gradient/sizes.js";
import type { GradientBuild } from "../../../src/rules/gradient/support.js";
import { parseGraph } from "../../../src/text/parse.js";
import { valueNamed } from "../../support/facts.js";
import { counting, floats } from "../../support/reference.js";

/** The numbers that are built for an x of 2x3x4x5, and the operators that they take. */
function built(type: string, build: (c: GradientBuild, x: Value) => Value): readonly [number[], string] {
  const model = parseGraph(`g (float[${type}] x) => (float y) { y = Neg (x) }`, { opset: 18 });
  const result = build(
    { facts: createFacts(model), build: new Builder(model.graph) },
    valueNamed(model, "x"),
  );
  model.graph.addOutput(result);
  const all = evaluateReference(model, floats({ x: counting(2, 3, 4, 5) }), { outputs: [result.name] });
  const tensor = isRefusal(all) ? undefined : all.get(result.name);
  const operators = [...model.graph.nodes()].slice(1).map(({ opType }) => opType);
  return [[...(tensor?.data ?? [])], operators.join(" ")];
}

const [KNOWN, SYMBOLS] = ["2,3,4,5", "N,3,H,5"];

describe("sizes", () => {
  it("sizesOf is a constant where the sizes are known", () => {
    expect(built(KNOWN, (c, x) => sizesOf(c, x, 1, 3))).toEqual([[3, 4], ""]);
    expect(built(SYMBOLS, (c, x) => sizesOf(c, x, 1, 3))).toEqual([[3, 4], "Shape"]);
    expect(built(SYMBOLS, (c, x) => sizesOf(c, x, 2))).toEqual([[4, 5], "Shape"]);
  });

  it("joinSizes makes one constant of neighbouring numbers", () => {
    const joined = (c: GradientBuild, x: Value): Value => joinSizes(c, [7, ...sizeParts(c, x, 1, 4), 8]);
    expect(built(KNOWN, joined)).toEqual([[7, 3, 4, 5, 8], ""]);
    expect(built(SYMBOLS, joined)).toEqual([[7, 3, 4, 5, 8], "Shape Concat"]);
  });

  it("elementCount multiplies sizes, and counts the same axes once", () => {
    expect(built(KNOWN, (c, x) => elementCount(c, x, [0, 2]))).toEqual([[8], ""]);
    const twice = (c: GradientBuild, x: Value): Value =>
      c.build.op("Add", [elementCount(c, x, [0, 2]), elementCount(c, x, [0, 2])]);
    expect(built(SYMBOLS, twice)).toEqual([[16], "Shape Gather ReduceProd CastLike Add"]);
  });
});

it("axes are counted from 0", () => {
  expect(range(3)).toEqual([0, 1, 2]);
  expect(axesBut(4, 1)).toEqual([0, 2, 3]);
});
