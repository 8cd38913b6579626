import { describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import { denseBias, denseWeight, isDense } from "../../../src/ops/linear/dense.js";
import { modelOf } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

function isDenseLayer(node: string, inputs = "float[2,3] x"): boolean {
  const constants = [
    constant("W", [5, 3]),
    constant("V", [3, 5]),
    constant("c", [5]),
    constant("row", [1, 5]),
    constant("column", [2, 1]),
  ];
  const last = [...modelOf(graphText(inputs, constants, node)).nodes()].at(-1);
  return isDense(present(last, "a node is given"));
}

describe("isDense", () => {
  it.each([
    "y = Gemm <transB = 1> (x, W, c)",
    "y = Gemm <transB = 1> (x, W, row)",
    "y = Gemm <transB = 1> (x, W)",
    "y = Gemm <alpha = 0.5, beta = 2.0, transA = 0, transB = 1> (x, W, c)",
  ])("%s", (node) => {
    expect(isDenseLayer(node)).toBe(true);
  });

  it.each([
    ["the weight is [K, N]", "y = Gemm (x, V, c)", undefined],
    ["A is transposed", "y = Gemm <transA = 1, transB = 1> (x, W, c)", "float[3,2] x"],
    ["C is a column", "y = Gemm <transB = 1> (x, W, column)", undefined],
    ["C is computed", "y = Gemm <transB = 1> (x, W, d)", "float[2,3] x, float[5] d"],
    ["B is computed", "y = Gemm <transB = 1> (x, B, c)", "float[2,3] x, float[5,3] B"],
    ["B is computed, without C", "y = Gemm <transB = 1> (x, B)", "float[2,3] x, float[5,3] B"],
    ["another operator", "y = MatMul (x, V)", undefined],
  ])("not where %s", (_, node, inputs) => {
    expect(isDenseLayer(node, inputs)).toBe(false);
  });
});

it("denseWeight exchanges rows and columns", () => {
  const weight = denseWeight(tensorFromNumbers("float", [2, 3], [1, 2, 3, 4, 5, 6]));
  expect(weight?.dims).toEqual([3, 2]);
  expect([...(weight?.toFloat64() ?? [])]).toEqual([1, 4, 2, 5, 3, 6]);
  expect(denseWeight(tensorFromNumbers("float", [3], [1, 2, 3]))).toBeUndefined();
});

describe("denseBias", () => {
  const bias = (dims: readonly number[], columns: number): number[] | undefined => {
    const count = dims.reduce((size, dim) => size * dim, 1);
    const values = Array.from({ length: count }, (_, i) => i + 1);
    const found = denseBias(tensorFromNumbers("float", dims, values), "float", columns);
    if (found !== undefined) expect(found.dims).toEqual([columns]);
    return found && [...found.toFloat64()];
  };

  it("takes a row as it is, and repeats a single number", () => {
    expect(bias([3], 3)).toEqual([1, 2, 3]);
    expect(bias([1, 3], 3)).toEqual([1, 2, 3]);
    expect(bias([], 3)).toEqual([1, 1, 1]);
    expect(bias([1], 3)).toEqual([1, 1, 1]);
    expect(bias([1, 1], 1)).toEqual([1]);
    expect(bias([], 1)).toEqual([1]);
  });

  it("takes no column, no matrix, no more axes and no other type", () => {
    expect(bias([3, 1], 3)).toBeUndefined();
    expect(bias([2, 3], 3)).toBeUndefined();
    expect(bias([1, 1, 3], 3)).toBeUndefined();
    expect(bias([4], 3)).toBeUndefined();
    expect(denseBias(tensorFromNumbers("float", [3], [1, 2, 3]), "double", 3)).toBeUndefined();
  });
});
