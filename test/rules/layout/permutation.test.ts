import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/base/random.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import {
  composed,
  extend,
  inverse,
  isIdentity,
  leavesAlone,
  permuteTensor,
  restrict,
  samePermutation,
} from "../../../src/rules/layout/permutation.js";

const TO_NHWC = [0, 2, 3, 1];
const TO_NCHW = [0, 3, 1, 2];

describe("orders of axes", () => {
  it("compose, and an inverse undoes", () => {
    expect(composed(TO_NHWC, TO_NCHW)).toEqual([0, 1, 2, 3]);
    expect(inverse(TO_NHWC)).toEqual(TO_NCHW);
    expect(composed([1, 2, 0], [1, 0, 2])).toEqual([2, 1, 0]);
    expect(isIdentity(composed(TO_NHWC, inverse(TO_NHWC)))).toBe(true);
    expect(samePermutation(TO_NHWC, [0, 2, 3, 1])).toBe(true);
    expect(samePermutation(TO_NHWC, TO_NCHW)).toBe(false);
  });

  it("lose axes, and get them back where they are", () => {
    expect(restrict(TO_NHWC, new Set([1]))).toEqual([0, 1, 2]);
    expect(restrict(TO_NHWC, new Set([0]))).toEqual([1, 2, 0]);
    expect(extend([1, 0], new Set([1]), 3)).toEqual([2, 1, 0]);
    const random = createRandom(5);
    for (let round = 0; round < 100; round++) {
      const rank = random.integer(1, 6);
      const perm = Array.from({ length: rank }, (_, axis) => axis).sort(() => random.uniform() - 0.5);
      const dropped = new Set([random.integer(0, rank)]);
      const kept = restrict(perm, new Set([...dropped]));
      expect(restrict(extend(kept, dropped, rank), dropped)).toEqual(kept);
    }
  });

  it("leave a tensor alone where only axes of size one change places", () => {
    expect(leavesAlone([0, 2, 1], [5, 1, 1])).toBe(true);
    expect(leavesAlone([0, 2, 1], [5, 1, 2])).toBe(false);
    expect(leavesAlone([0, 1], undefined)).toBe(true);
    expect(leavesAlone([1, 0], undefined)).toBe(false);
  });
});

describe("permuteTensor", () => {
  it("moves every element", () => {
    const tensor = tensorFromNumbers("float", [2, 3], [1, 2, 3, 4, 5, 6]);
    const turned = permuteTensor(tensor, [1, 0]);
    expect(turned?.dims).toEqual([3, 2]);
    expect([...(turned?.toFloat64() ?? [])]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("moves nothing for axes of size one", () => {
    const tensor = tensorFromNumbers("int64", [1, 3, 1], [7, 8, 9]);
    const turned = permuteTensor(tensor, [1, 0, 2]);
    expect(turned?.dims).toEqual([3, 1, 1]);
    expect(turned?.bytes()).toEqual(tensor.bytes());
  });

  it("does not split elements that are no whole bytes", () => {
    expect(permuteTensor(tensorFromNumbers("int4", [2, 2], [1, 2, 3, 4]), [1, 0])).toBeUndefined();
  });
});
