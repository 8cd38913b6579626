import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { readProduct } from "../../../src/ops/linear/product.js";
import { parseGraph } from "../../../src/text/parse.js";

function read(
  node: string,
  constants = "float[2,3] W = {1, 2, 3, 4, 5, 6}, float[3] b = {1, 2, 4}",
): unknown {
  const model = parseGraph(`g (float[N,2] x, float[3] fed) => (float[] y) <${constants}> { y = ${node} }`, {
    opset: 17,
  });
  const product = model.graph.first && readProduct(model.graph.first, createFacts(model));
  if (product === undefined || isRefusal(product)) return product?.kind;
  const { transA, transB, alpha, bias, rows, columns } = product;
  return [transA, transB, alpha, bias && [...bias], rows, columns];
}

describe("a product with a constant matrix", () => {
  it("has the sizes of the matrix as it is read", () => {
    expect(read("MatMul (x, W)")).toEqual([false, false, 1, undefined, 2, 3]);
    expect(read("Gemm <transB = 1> (x, W)", "float[3,2] W = {1, 2, 3, 4, 5, 6}")).toEqual([
      false,
      true,
      1,
      undefined,
      2,
      3,
    ]);
  });

  it("has beta in the bias, one number for each column", () => {
    expect(read("Gemm <alpha = 0.5, beta = 2.0> (x, W, b)")).toEqual([false, false, 0.5, [2, 4, 8], 2, 3]);
    const one = "float[2,3] W = {1, 2, 3, 4, 5, 6}, float b = {3}";
    expect(read("Gemm (x, W, b)", one)).toEqual([false, false, 1, [3, 3, 3], 2, 3]);
  });

  it.each<[string, string, string?]>([
    ["a bias that is fed", "Gemm (x, W, fed)"],
    ["a bias of rows", "Gemm (x, W, b)", "float[2,3] W = {1, 2, 3, 4, 5, 6}, float[2,1] b = {1, 2}"],
    ["a matrix on the left", "MatMul (W, x)"],
    ["a stack of matrices", "MatMul (x, W)", "float[1,2,3] W = {1, 2, 3, 4, 5, 6}"],
  ])("is none for %s", (_, node, constants) => {
    expect(read(node, constants)).toBe("refusal");
  });
});
