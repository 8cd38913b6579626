import { describe, expect, it } from "vitest";
import { dimKey, type MaybeDim, symbol } from "../../src/rules/dims.js";
import {
  broadcastShapes,
  extent,
  joinShapes,
  joinTypes,
  normalAxes,
  normalAxis,
  replaceAt,
  unknownRank,
  windowPositions,
} from "../../src/rules/shapes.js";

const N = symbol("N");
const text = (dims: readonly MaybeDim[] | undefined | "mismatch"): unknown =>
  Array.isArray(dims) ? dims.map((dim: MaybeDim) => (dim === undefined ? "?" : dimKey(dim))).join() : dims;

describe("axes", () => {
  it("count from the front, or are none", () => {
    expect([
      normalAxis(-1, 3),
      normalAxis(2, 3),
      normalAxis(3, 3),
      normalAxis(-4, 3),
      normalAxis(0.5, 3),
    ]).toEqual([2, 2, undefined, undefined, undefined]);
    expect(normalAxis(0, undefined)).toBeUndefined();
    expect(normalAxes([-1, 0], 3)).toEqual([2, 0]);
    expect(normalAxes([2, -1], 3)).toBeUndefined();
    expect(normalAxes([5], 3)).toBeUndefined();
  });

  it("are replaced one by one", () => {
    expect(replaceAt([1, 2, 3], 1, 9)).toEqual([1, 9, 3]);
    expect(unknownRank(2, 1)).toEqual([undefined, undefined, undefined]);
    expect(unknownRank(1000)).toBeUndefined();
    expect(unknownRank(1, -2)).toBeUndefined();
  });
});

describe("shapes of several tensors", () => {
  it("broadcast from the back", () => {
    expect(
      text(
        broadcastShapes([
          [N, 1, 5],
          [4, 1],
        ]),
      ),
    ).toBe("N,4,5");
    expect(text(broadcastShapes([[], [3]]))).toBe("3");
    expect(broadcastShapes([[2], [3]])).toBe("mismatch");
    expect(broadcastShapes([[2], undefined])).toBeUndefined();
  });

  it("join to their common part", () => {
    expect(text(joinShapes([N, 3], [N, 4]))).toBe("N,?");
    expect(joinShapes([1], [1, 1])).toBeUndefined();
    const float = { kind: "tensor", dtype: "float", shape: [2] } as const;
    expect(joinTypes(float, { ...float, dtype: "double" })).toEqual({ ...float, dtype: undefined });
    expect(joinTypes(float, { kind: "sequence", element: float })).toBeUndefined();
    expect(joinTypes({ kind: "sequence", element: float }, { kind: "sequence", element: float })).toEqual({
      kind: "sequence",
      element: float,
    });
  });
});

describe("windows", () => {
  const window = { kernel: [3], strides: [2], dilations: [1], pads: [1, 0], autoPad: "NOTSET" };

  it("reach as far as their dilation says", () => {
    expect(extent({ ...window, dilations: [3] }, 0)).toBe(7);
  });

  it("take as many places as fit", () => {
    const places = (input: MaybeDim, more: object, ceil = false): unknown =>
      text(windowPositions([input], { ...window, ...more }, ceil));
    expect(places(7, {})).toBe("3");
    expect(places(8, {})).toBe("4");
    expect(places(7, { autoPad: "SAME_UPPER" })).toBe("4");
    expect(places(7, { autoPad: "VALID" })).toBe("3");
    expect(places(8, { autoPad: "VALID" })).toBe("3");
    expect(places(7, {}, true)).toBe("4");
    expect(places(N, { strides: [1], pads: [1, 1] })).toBe("N");
  });

  it("do not begin in the padding behind the input", () => {
    expect(text(windowPositions([4], { ...window, kernel: [1], pads: [0, 1] }, true))).toBe("2");
  });
});
