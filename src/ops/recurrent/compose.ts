import type { Matrix } from "../../affine/matrices.js";
import type { Refusal } from "../../base/refusal.js";
import type { Tensor } from "../../ir/tensor.js";
import { refusals as shared } from "../../rules/refusals.js";
import { refusals } from "./refusals.js";

/**
 * The weight W * M of a recurrent node that reads x instead of u = M x; W is [directions, rows, k] and M is [k, input]. Zeros of
 * W cost nothing, because a W that only selects has little else; `most` bounds the multiplications.
 */
export function composeInput(weight: Tensor, matrix: Matrix, most: number): Float64Array | Refusal {
  const numbers = weight.toFloat64();
  const { rows: inner, columns, values } = matrix;
  const filled = numbers.reduce((count, value) => (value === 0 ? count : count + 1), 0);
  if (filled * columns > most) return shared.mergingTakesTooLong();
  // Zero times infinity is NaN.
  if (!values.every(Number.isFinite)) return refusals.firstWeightIsNotFinite();
  const product = new Float64Array((numbers.length / inner) * columns);
  numbers.forEach((factor, i) => {
    if (factor === 0) return;
    const [to, from] = [Math.floor(i / inner) * columns, (i % inner) * columns];
    for (let c = 0; c < columns; c++)
      product[to + c] = (product[to + c] ?? NaN) + factor * (values[from + c] ?? NaN);
  });
  return product;
}
