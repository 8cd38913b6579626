import { describe, expect, it } from "vitest";
import { transformConstant } from "../../src/affine/transform-constant.js";
import { isRefusal } from "../../src/base/refusal.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";

const map = (scale: readonly number[], shift: readonly number[]) => ({
  scale: Float64Array.from(scale),
  shift: Float64Array.from(shift),
});
const K = tensorFromNumbers("float", [2, 2], [1, 2, 3, 4]);
const elements = (result: ReturnType<typeof transformConstant>): unknown =>
  isRefusal(result) ? result.reason : [...result.toFloat64()];

describe("transformConstant", () => {
  it("maps along an axis, or everywhere", () => {
    expect(elements(transformConstant(K, 0, map([2, 10], [1, 0])))).toEqual([3, 5, 30, 40]);
    expect(elements(transformConstant(K, 1, map([2, 10], [1, 0])))).toEqual([3, 20, 7, 40]);
    expect(elements(transformConstant(K, undefined, map([2], [0.5])))).toEqual([2.5, 4.5, 6.5, 8.5]);
    expect(elements(transformConstant(K, 1, map([2, -1], [0, 0])))).toEqual([2, -2, 6, -4]);
  });

  it("leaves a constant as it is under a map that changes nothing", () => {
    expect(transformConstant(K, 0, map([1, 1], [0, 0]))).toBe(K);
  });

  it("refuses integers, other numbers of channels and overflow", () => {
    for (const result of [
      transformConstant(tensorFromNumbers("int64", [2], [1, 2]), 0, map([2, 2], [0, 0])),
      transformConstant(K, 0, map([1, 2, 3], [0, 0, 0])),
      transformConstant(tensorFromNumbers("float16", [1], [60000]), 0, map([2], [0])),
      transformConstant(tensorFromNumbers("float16", [1], [60000]), 0, map([1], [60000])),
    ]) {
      expect(isRefusal(result)).toBe(true);
    }
  });
});
