import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import {
  placeOperand,
  refuseNegativeScale,
  refuseShift,
  scaleOf,
  through,
} from "../../../src/rules/affine/placement.js";
import { parseGraph } from "../../../src/text/parse.js";
import { valueNamed } from "../../support/facts.js";

const map = (scale: readonly number[], shift: readonly number[]) => ({
  axis: 1,
  map: { scale: Float64Array.from(scale), shift: Float64Array.from(shift) },
});

describe("a map at a place", () => {
  const model = parseGraph(
    "g (float[N,3,4] x, float[3,1] c, float[4] l, float[] u) => (float[] y) { y = Max (x, c, l, u) }",
    {
      opset: 17,
    },
  );
  const facts = createFacts(model);

  it("is counted in an operand's own rank, where it must have all the channels", () => {
    const placed = map([1, 2, 3], [0, 0, 0]);
    expect(placeOperand(valueNamed(model, "c"), 3, placed, facts)).toEqual({ axis: 0, map: placed.map });
    for (const [name, id] of [
      ["l", "value-lacks-channels"],
      ["u", "value-rank-is-unknown"],
    ] as const) {
      expect(placeOperand(valueNamed(model, name), 3, placed, facts)).toMatchObject({ id });
    }
    const uniform = { ...map([2], [1]), axis: undefined };
    expect(placeOperand(valueNamed(model, "l"), 3, uniform, facts)).toMatchObject({ map: uniform.map });
  });

  it("may be a scale, or one that keeps the order of numbers", () => {
    expect(refuseShift(map([2], [0]))).toBeUndefined();
    expect(refuseShift(map([2], [1]))).toMatchObject({ id: "shift-does-not-pass" });
    expect(refuseNegativeScale(map([2, 0], [5, 5]))).toBeUndefined();
    expect(refuseNegativeScale(map([2, -1], [0, 0]))).toMatchObject({ id: "scale-is-negative" });
    expect([...scaleOf(map([2, 3], [4, 5])).map.shift]).toEqual([0, 0]);
    const placed = map([1], [1]);
    expect([...(through(placed, 2)[0] ?? [])]).toEqual([[2, placed]]);
  });
});
