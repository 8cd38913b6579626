import type { Matrix } from "../../affine/matrices.js";
import type { Refusal } from "../../base/refusal.js";
import type { Tensor } from "../../ir/tensor.js";
import { refusals } from "./refusals.js";

/**
 * The W of a recurrent node that reads u = M x, for the W, [directions, rows, k], with which it reads u: W * M with M, [k, input].
 * Zeros of W cost nothing, since a W that only picks has few others; `most` bounds the multiplications.
 */
export function composeInput(weight: Tensor, matrix: Matrix, most: number): Float64Array | Refusal {
  const numbers = weight.toFloat64();
  const { rows: inner, columns, values } = matrix;
  const filled = numbers.reduce((count, value) => (value === 0 ? count : count + 1), 0);
  if (filled * columns > most) return refusals.compositionTakesTooLong();
  // Zero times infinity is no number.
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
