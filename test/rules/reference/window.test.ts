import { describe, expect, it } from "vitest";
import {
  forEachTapRun,
  type Triple,
  tapsOf,
  validRange,
  volume,
} from "../../../src/rules/reference/window.js";

describe("a window that slides", () => {
  const one = {
    rank: 1,
    input: [1, 1, 5],
    kernel: [1, 1, 3],
    strides: [1, 1, 2],
    dilations: [1, 1, 1],
    begin: [0, 0, 1],
    end: [0, 0, 0],
    output: [1, 1, 2],
  } as const;

  it("meets the input at the places where a tap lies inside of it", () => {
    const runs = (tap: Triple): number[][] => {
      const list: number[][] = [];
      forEachTapRun(one, tap, (...run) => list.push(run));
      return list;
    };
    // Places 0 and 1 read -1..1 and 1..3.
    expect(runs([0, 0, 0])).toEqual([[1, 1, 1, 2]]);
    expect(runs([0, 0, 1])).toEqual([[0, 0, 2, 2]]);
    expect(runs([0, 0, 2])).toEqual([[0, 1, 2, 2]]);
  });

  it("has the range of places for any offset, empty ones too", () => {
    expect(validRange(4, 1, -2, 10)).toEqual([2, 4]);
    expect(validRange(4, 2, 0, 5)).toEqual([0, 3]);
    expect(validRange(4, 1, 20, 5)).toEqual([0, 0]);
  });

  it("has its taps in row-major order", () => {
    expect(tapsOf([1, 2, 2])).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
      [0, 1, 1],
    ]);
    expect(volume([2, 3, 4])).toBe(24);
  });
});
