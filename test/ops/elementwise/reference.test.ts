import { describe, expect, it } from "vitest";
import { counting, type Input, referenceTable, run } from "../../support/reference.js";

const x4: Input = { dims: [4], data: [-2, -0.5, 0, 3] };

referenceTable("elementwise", [
  ["y = Add(x, w)", { x: counting(2, 1), w: counting(3) }, [2, 3], [2, 3, 4, 3, 4, 5]],
  [
    "y = Mul <broadcast = 1, axis = 0> (x, w)",
    { x: counting(2, 2), w: counting(2) },
    [2, 2],
    [1, 2, 6, 8],
    6,
  ],
  ["y = Relu(x)", { x: x4 }, [4], [0, 0, 0, 3]],
  ["y = Softsign(x)", { x: { dims: [4], data: [-3, -1, 0, 0.25] } }, [4], [-0.75, -0.5, 0, 0.2]],
  ["y = LeakyRelu <alpha = 0.5> (x)", { x: x4 }, [4], [-1, -0.25, 0, 3]],
  ["y = PRelu(x, w)", { x: x4, w: { dims: [1], data: [2] } }, [4], [-4, -1, 0, 3]],
  ["y = HardSigmoid <alpha = 0.5> (x)", { x: x4 }, [4], [0, 0.25, 0.5, 1]],
  ["y = Clip <min = -1.0, max = 2.0> (x)", { x: x4 }, [4], [-1, -0.5, 0, 2], 6],
  ["y = Round(x)", { x: { dims: [4], data: [0.5, 1.5, -2.5, 2.6] } }, [4], [0, 2, -2, 3]],
  ["y = Max(x, w)", { x: x4, w: { dims: [1], data: [-1] } }, [4], [-1, -0.5, 0, 3]],
]);

describe("elementwise, in float64", () => {
  it("divides integers towards zero and wraps narrow ones", () => {
    const constants =
      "int64[2] a = {7, -7}, int64[1] b = {2}, int32[1] big = {2147483647}, int32[1] one = {1}";
    const quotient = run("y = Div(a, b)", {}, { constants, y: "int64[2]" });
    expect([quotient.dtype, ...quotient.data]).toEqual(["int64", 3, -3]);
    expect(run("y = Add(big, one)", {}, { constants, y: "int32[1]" }).data[0]).toBe(-(2 ** 31));
  });
});
