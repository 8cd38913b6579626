import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import type { Node } from "../../../src/ir/graph.js";
import type { Facts } from "../../../src/rules/facts.js";
import {
  ALONG_LAST,
  alike,
  axisAttribute,
  largerOrder,
  namedAxes,
  PER_CHANNEL,
  perAxis,
} from "../../../src/rules/layout/facet.js";
import { parseGraph } from "../../../src/text/parse.js";
import { nodeOf } from "../../support/facts.js";

const NHWC = [0, 2, 3, 1];

function given(node: string, constants = ""): { readonly node: Node; readonly facts: Facts } {
  const text = `g (float[2,3,4,5] x, int64[1] i) => (float y) <${constants}> { y = ${node} }`;
  const model = parseGraph(text, { opset: 17 });
  return { node: nodeOf(model, "y"), facts: createFacts(model) };
}

describe("the facets", () => {
  const anchor = { side: "input", index: 0, perm: NHWC } as const;

  it("alike gives the data one order, and refuses an input that is none", () => {
    const { node, facts } = given("Add (x, x)");
    expect(alike("all")(node, anchor, facts)).toMatchObject({
      inputs: new Map([
        [0, NHWC],
        [1, NHWC],
      ]),
      outputs: new Map([[0, NHWC]]),
    });
    expect(alike([0])(node, { ...anchor, index: 1 }, facts)).toMatchObject({ id: "value-is-not-its-data" });
  });

  it("ALONG_LAST follows its axis, PER_CHANNEL keeps the channels in front", () => {
    const { node, facts } = given("Softmax (x)");
    expect(ALONG_LAST(node, anchor, facts)).toMatchObject({ attributes: { axis: 2 } });
    expect(PER_CHANNEL(node, anchor, facts)).toMatchObject({ id: "channels-are-axis-one" });
    const spatial = { ...anchor, perm: [0, 1, 3, 2] };
    expect(PER_CHANNEL(node, spatial, facts)).toMatchObject({ outputs: new Map([[0, [0, 1, 3, 2]]]) });
  });
});

describe("axes", () => {
  it("axisAttribute finds the axis, counted from either end", () => {
    expect(axisAttribute(given("Softmax <axis = 1> (x)").node, -1, NHWC)).toEqual({
      attributes: { axis: 3 },
    });
    expect(axisAttribute(given("Softmax <axis = -3> (x)").node, -1, NHWC)).toEqual({
      attributes: { axis: 3 },
    });
    expect(axisAttribute(given("Softmax <axis = 7> (x)").node, -1, NHWC)).toMatchObject({
      id: "axis-is-outside-rank",
    });
  });

  it("namedAxes renames them where they stand, attribute or input", () => {
    const [attribute, input, computed] = [
      given("ReduceMean <axes = [1, -1]> (x)"),
      given("ReduceSum (x, k)", "int64[1] k = {-2}"),
      given("ReduceSum (x, i)"),
    ].map(({ node, facts }) => namedAxes(node, 1, 4, facts));
    if (attribute === undefined || isRefusal(attribute)) throw new Error("no axes");
    expect(attribute.axes).toEqual([1, 3]);
    expect(attribute.rename([1, 3])).toEqual({});
    expect(attribute.rename([3, 2])).toEqual({ attributes: { axes: [3, 2] } });
    if (input === undefined || isRefusal(input)) throw new Error("no axes");
    expect(input.axes).toEqual([2]);
    expect([...(input.rename([1]).constants?.get(1)?.toIntegers() ?? [])]).toEqual([1]);
    expect(computed).toMatchObject({ id: "axes-are-computed" });
  });

  it("perAxis reads a number for each axis", () => {
    const { node, facts } = given("Tile (x, k)", "int64[4] k = {1, 2, 3, 4}");
    const list = perAxis(node, "repeats", 1, facts);
    if (isRefusal(list)) throw new Error(list.reason);
    expect(list.numbers).toEqual([1, 2, 3, 4]);
    expect(list.replace([4, 3, 2, 1]).constants?.get(1)?.toFloat64()).toEqual(Float64Array.of(4, 3, 2, 1));
    expect(perAxis(given("Tile (x, i)").node, "repeats", 1, given("Tile (x, i)").facts)).toMatchObject({
      id: "parameter-is-unknown",
    });
  });

  it("largerOrder adds the dropped axes to the order of the smaller side", () => {
    expect(largerOrder({ side: "input", index: 0, perm: NHWC }, "input", new Set([1]), 4)).toEqual(NHWC);
    const kept = largerOrder({ side: "output", index: 0, perm: [1, 0] }, "input", new Set([1]), 3);
    expect(kept.filter((axis) => axis !== 1)).toEqual([2, 0]);
  });
});
