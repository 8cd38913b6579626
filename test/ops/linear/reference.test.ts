import { describe, expect, it } from "vitest";
import { counting, referenceTable, run } from "../../support/reference.js";

referenceTable("linear", [
  [
    "y = Gemm <alpha = 0.5, beta = 2.0, transB = 1> (x, w, c)",
    { x: counting(1, 2), w: counting(3, 2), c: { dims: [3], data: [1, 0, -1] } },
    [1, 3],
    [4.5, 5.5, 6.5],
  ],
  ["y = MatMul(x, w)", { x: counting(2), w: counting(2, 3) }, [3], [9, 12, 15]],
  ["y = MatMul(x, w)", { x: counting(2, 1, 2), w: counting(2) }, [2, 1], [5, 11]],
]);

describe("linear, in float64", () => {
  it("sums products by labels, diagonals and ellipses", () => {
    const einsum = (equation: string, ...dims: readonly (readonly number[])[]): number[] => {
      const inputs = Object.fromEntries(dims.map((sizes, index) => [`x${index}`, counting(...sizes)]));
      const names = Object.keys(inputs).join(", ");
      return [...run(`y = Einsum <equation = "${equation}"> (${names})`, inputs).data];
    };
    expect(einsum("ij,jk->ik", [2, 2], [2, 2])).toEqual([7, 10, 15, 22]);
    expect(einsum("ii->i", [3, 3])).toEqual([1, 5, 9]);
    expect(einsum("...i->...", [2, 2])).toEqual([3, 7]);
    expect(einsum("ba", [2, 2])).toEqual([1, 3, 2, 4]);
    expect(einsum("i,...->...", [2], [2])).toEqual([3, 6]);
  });
});
