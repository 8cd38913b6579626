import { describe, expect, it } from "vitest";
import { addKernels, type Kernel } from "../../src/affine/kernels.js";
import { sumsTensor } from "../../src/affine/scale-tensor.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";

/** More than the stack has room for, at a few calls for each. */
const MANY = 20_000;

function repeat(tensor: Tensor, next: (tensor: Tensor) => Tensor): Tensor {
  let last = tensor;
  for (let i = 0; i < MANY; i++) last = next(last);
  return last;
}

describe("a weight that takes in thousands of neighbours", () => {
  it("is added to", () => {
    const zero = tensorFromNumbers("float", [2], [0, 0]);
    const total = repeat(zero, (bias) => {
      const sums = (): Float64Array => bias.toFloat64().map((value, i) => value + i + 1);
      return sumsTensor("float", [2], Float64Array.of(1), sums, bias) ?? zero;
    });
    expect([...total.toFloat64()]).toEqual([MANY, 2 * MANY]);
  });

  it("is the host of kernels", () => {
    const kernelOf = (own: Tensor): Kernel => ({
      weight: own,
      group: 1,
      strides: [1],
      dilations: [1],
      pads: [0, 0],
    });
    const guest = kernelOf(tensorFromNumbers("float", [1, 2, 1], [1, 2]));
    const none = tensorFromNumbers("float", [1, 2, 1], [0, 0]);
    const total = repeat(none, (host) => addKernels("float", kernelOf(host), guest, [[0]]));
    expect([...total.toFloat64()]).toEqual([MANY, 2 * MANY]);
  });
});
