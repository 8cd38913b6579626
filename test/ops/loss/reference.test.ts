import { describe, expect, it } from "vitest";
import { evaluate } from "../../support/reference.js";
import { modelOf } from "../../support/runtime.js";

describe("loss, in float64", () => {
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
