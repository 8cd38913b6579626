import { describe, expect, it } from "vitest";
import { counting, evaluate, referenceTable } from "../../support/reference.js";
import { modelOf } from "../../support/runtime.js";

referenceTable("normalization", [
  [
    "y = BatchNormalization <epsilon = 0.0> (x, s, b, m, v)",
    {
      x: counting(1, 2, 2),
      s: { dims: [2], data: [2, -1] },
      b: { dims: [2], data: [1, 0] },
      m: { dims: [2], data: [1, 2] },
      v: { dims: [2], data: [4, 0.25] },
    },
    [1, 2, 2],
    [1, 2, -2, -4],
  ],
  [
    "y = LayerNormalization <epsilon = 0.0> (x, s)",
    { x: counting(1, 2), s: { dims: [2], data: [1, 3] } },
    [1, 2],
    [-1, 3],
  ],
  [
    "y = InstanceNormalization <epsilon = 0.0> (x, s, b)",
    { x: counting(1, 1, 2), s: { dims: [1], data: [2] }, b: { dims: [1], data: [1] } },
    [1, 1, 2],
    [-1, 3],
  ],
  [
    "y = LRN <size = 3, alpha = 3.0, beta = 1.0, bias = 1.0> (x)",
    { x: counting(1, 3, 1) },
    [1, 3, 1],
    [1 / 6, 2 / 15, 3 / 14].map((value) => Number(value.toFixed(12))),
  ],
  ["y = Softmax(x)", { x: { dims: [1, 2], data: [1000, 1000] } }, [1, 2], [0.5, 0.5]],
  // Before opset 13 all axes from `axis` on are one.
  [
    "y = Softmax <axis = 1> (x)",
    { x: { dims: [1, 2, 2], data: [0, 0, 0, 0] } },
    [1, 2, 2],
    [0.25, 0.25, 0.25, 0.25],
    11,
  ],
  [
    "y = Softmax <axis = 1> (x)",
    { x: { dims: [1, 2, 2], data: [0, 0, 0, 0] } },
    [1, 2, 2],
    [0.5, 0.5, 0.5, 0.5],
    13,
  ],
]);

describe("normalization, in float64", () => {
  it("normalizes by the batch, and mixes its biased statistics into the running ones", () => {
    const model = (output: string) =>
      modelOf(
        `g (float[2,2] x, float[2] s, float[2] b, float[2] m, float[2] v) => (float[] ${output})
         { y, mean, var = BatchNormalization <training_mode = 1, momentum = 0.75, epsilon = 0.0> (x, s, b, m, v) }`,
        17,
      );
    const inputs = {
      x: { dims: [2, 2], data: [1, 10, 5, 30] },
      s: { dims: [2], data: [2, 3] },
      b: { dims: [2], data: [0, 1] },
      m: { dims: [2], data: [4, 8] },
      v: { dims: [2], data: [8, 4] },
    };
    expect([...evaluate(model("y"), inputs).data]).toEqual([-2, -2, 2, 4]);
    expect([...evaluate(model("mean"), inputs).data]).toEqual([3.75, 11]);
    expect([...evaluate(model("var"), inputs).data]).toEqual([7, 28]);
  });
});
