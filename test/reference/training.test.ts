import { describe, expect, it } from "vitest";
import { modelOf } from "../runtime/support.js";
import { counting, evaluate, run } from "../support/reference.js";

describe("the reference of what training needs", () => {
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

  it("sums products by labels, diagonals and ellipses", () => {
    const einsum = (equation: string, ...dims: readonly (readonly number[])[]): number[] => {
      const inputs = Object.fromEntries(dims.map((sizes, index) => [`x${index}`, counting(...sizes)]));
      const names = Object.keys(inputs).join(", ");
      return [...run(`y = Einsum <equation = "${equation}"> (${names})`, inputs).data];
    };
    expect(einsum("ij,jk->ik", [2, 2], [2, 2])).toEqual([7, 10, 15, 22]);
    expect(einsum("ii->i", [3, 3])).toEqual([1, 5, 9]);
    expect(einsum("...i->...", [2, 2])).toEqual([3, 7]);
    expect(einsum("ba", [2, 2])).toEqual([1, 3, 2, 4]);
    expect(einsum("i,...->...", [2], [2])).toEqual([3, 6]);
  });

  it("weighs and ignores labels, on any number of axes", () => {
    const loss = (op: string, attributes: string, y = "float y"): number[] => {
      const text = `g (float[1,2,3] x, int64[1,3] l, float[2] w) => (${y}) { y = ${op} <${attributes}> (x, l, w) }`;
      const inputs = {
        x: { dims: [1, 2, 3], data: [-1, -2, -3, -4, -5, -6] },
        l: { dims: [1, 3], data: [0, 1, -1] },
        w: { dims: [2], data: [1, 3] },
      };
      return [...evaluate(modelOf(text, 17), inputs).data];
    };
    const ignored = "ignore_index = -1";
    expect(loss("NegativeLogLikelihoodLoss", ignored)).toEqual([4]);
    expect(loss("NegativeLogLikelihoodLoss", `${ignored}, reduction = "sum"`)).toEqual([16]);
    expect(loss("NegativeLogLikelihoodLoss", `${ignored}, reduction = "none"`, "float[1,3] y")).toEqual([
      1, 15, 0,
    ]);
    const [first, second] = loss("SoftmaxCrossEntropyLoss", `${ignored}, reduction = "none"`, "float[1,3] y");
    expect(first).toBeCloseTo(Math.log(1 + Math.exp(-3)), 14);
    expect(second).toBeCloseTo(3 * Math.log(1 + Math.exp(3)), 14);
  });
});
