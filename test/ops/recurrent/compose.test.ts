import { expect, it } from "vitest";
import { isRefusal } from "../../../src/base/refusal.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import { composeInput } from "../../../src/ops/recurrent/compose.js";

const matrix = (rows: number, columns: number, ...values: readonly number[]) => ({
  rows,
  columns,
  values: Float64Array.from(values),
});

it("a W that reads M x is W times M, in every direction", () => {
  const weight = tensorFromNumbers("float", [2, 1, 2], [1, 2, 0, -1]);
  const product = composeInput(weight, matrix(2, 3, 1, 2, 3, 10, 20, 30), 100);
  expect(isRefusal(product) ? product.reason : [...product]).toEqual([21, 42, 63, -10, -20, -30]);
});

it("skips zeros, and refuses products that take too long or are not finite", () => {
  const weight = tensorFromNumbers("float", [1, 2, 2], [1, 0, 0, 0]);
  expect(isRefusal(composeInput(weight, matrix(2, 2, 1, 2, 3, 4), 2))).toBe(false);
  expect(isRefusal(composeInput(weight, matrix(2, 2, 1, 2, 3, 4), 1))).toBe(true);
  expect(isRefusal(composeInput(weight, matrix(2, 2, 1, 2, 3, Number.POSITIVE_INFINITY), 100))).toBe(true);
});
