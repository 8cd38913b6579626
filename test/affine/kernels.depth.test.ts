import { describe, expect, it } from "vitest";
import { addKernels, type Kernel } from "../../src/affine/kernels.js";
import { scaleTensor, sumsTensor } from "../../src/affine/scale-tensor.js";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { expectRewrite } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

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

  it("in a graph: a Conv behind a Concat of many scaled and shifted parts", async () => {
    const parts = Array.from({ length: 60 }, (_, i) => `a${i} = Mul (x, s) b${i} = Add (a${i}, t)`);
    const names = parts.map((_, i) => `b${i}`).join(", ");
    const nodes = `${parts.join(" ")} c = Concat <axis = 1> (${names}, z) y = Conv (c, W)`;
    const constants = [constant("W", [2, 182, 1]), constant("s", [3, 1]), constant("t", [3, 1])];
    const { ops } = await expectRewrite(graphText("float[N,3,5] x, float[N,2,5] z", constants, nodes), [
      `c = Concat(${"x, ".repeat(60)}z)`,
      "y = Conv(c, W, W_bias)",
    ]);
    expect(ops).toHaveLength(2);
  });
});
