import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/base/refusal.js";
import { referenceTensor } from "../../src/float64/tensor.js";
import { measureAccuracy } from "../../src/reference/accuracy.js";
import { floats } from "../support/reference.js";
import { modelOf } from "../support/runtime.js";

describe("measureAccuracy", () => {
  const model = modelOf(`g (float[2] x) => (float[2] y, float[1] z) { y = Neg(x) z = ReduceSum(x) }`);
  const feeds = floats({ x: { dims: [2], data: [1, -4] } });
  const outputs = (...data: number[]): Map<string, ReturnType<typeof referenceTensor>> =>
    new Map([["y", referenceTensor("float", [2], data)]]);

  it("gives distances in units of the largest magnitude", () => {
    const report = measureAccuracy(model, feeds, { original: outputs(-1, 4.5), result: outputs(-1, 4) });
    expect(report).toEqual([
      {
        name: "y",
        magnitude: 4,
        original: { max: 0.125, rms: expect.closeTo(0.125 / Math.SQRT2, 12) },
        result: { max: 0, rms: 0 },
      },
    ]);
  });

  it("takes a NaN for infinitely far and another shape for no answer", () => {
    const short = new Map([["y", referenceTensor("float", [1], [1])]]);
    const report = measureAccuracy(model, feeds, { original: outputs(NaN, 4), result: short });
    expect(report).toMatchObject([{ original: { max: Infinity }, result: undefined }]);
  });

  it("hands on the refusal", () => {
    const strange = modelOf(`g (float[2] x) => (float[2] y) { y = NoSuchOperator(x) }`);
    const report = measureAccuracy(strange, feeds, { original: outputs(1, 2), result: outputs(1, 2) });
    expect(isRefusal(report) && report.reason).toContain("NoSuchOperator");
  });
});
