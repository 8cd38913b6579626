import { describe, expect, it } from "vitest";
import { scaleTensor } from "../../src/affine/scale-tensor.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";

/** More than the stack has room for, at a few calls for each. */
const MANY = 20_000;

function repeat(tensor: Tensor, next: (tensor: Tensor) => Tensor): Tensor {
  let last = tensor;
  for (let i = 0; i < MANY; i++) last = next(last);
  return last;
}

describe("a weight that takes in thousands of neighbours", () => {
  const weight = tensorFromNumbers("float", [2, 3], [1, -2, 3, 4, -5, 6]);

  it("is scaled along either axis, and rounded once", () => {
    const [up, down] = [Float64Array.of(1.5, 1), Float64Array.of(1 / 1.5, 1)];
    const columns = Float64Array.of(1, 2, 1);
    let flips = 0;
    const scaled = repeat(weight, (tensor) => scaleTensor(tensor, flips++ % 2 === 0 ? up : down, 3));
    const both = scaleTensor(scaleTensor(scaled, columns, 1), Float64Array.of(0.5), 6);
    const expected = [0.5, -2, 1.5, 2, -5, 3].map((value) => expect.closeTo(value, 6));
    expect([...both.toFloat64()]).toEqual(expected);
    const third = Float64Array.of(1 / 3);
    const once = scaleTensor(scaleTensor(weight, third, 6), Float64Array.of(3), 6);
    expect(once.bytes()).toEqual(weight.bytes());
  });
});
