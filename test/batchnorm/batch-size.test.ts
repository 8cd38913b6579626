import { describe, expect, it } from "vitest";
import { assertBatchSize, chooseBatchSize, fixedBatchOf } from "../../src/batchnorm/batch-size.js";
import { parseModel } from "../../src/text/parse.js";

const model = (inputs: string, initializers = "") =>
  parseModel(
    `<ir_version: 8, opset_import: ["" : 17]> g (${inputs}) => (float[M,2] y) ${initializers} { y = Relu(x) }`,
  );

describe("the batch size that a model fixes", () => {
  it.each([
    ["float[6,2] x", 6],
    ["float[N,2] x", undefined],
    ["float[0,2] x", undefined],
    ["float x", undefined],
    ["float[N,2] x, float[5,2] z", 5],
    ["int64[7] s, float[4,2] x", 7],
  ] as const)("of %s is %s", (inputs, size) => {
    expect(fixedBatchOf(model(inputs))).toBe(size);
  });

  it("does not come from an input with a value of its own", () => {
    expect(fixedBatchOf(model("float[2] w, float[N,2] x", "<float[2] w = {1, 2}>"))).toBeUndefined();
  });

  it("is held against every input", () => {
    const both = model("float[6,2] x, float[5,2] z");
    expect(() => assertBatchSize(both, 6)).toThrow(
      expect.objectContaining({ code: "usage", id: "batch-size-is-fixed", where: { element: "z" } }),
    );
    assertBatchSize(model("float[6,2] x"), 6);
    assertBatchSize(model("float[N,2] x"), 6);
  });
});

describe("chooseBatchSize", () => {
  it.each([
    [6, 100, {}, 6],
    [6, 4, {}, 6],
    [undefined, 100, {}, 32],
    [undefined, undefined, {}, 32],
    [undefined, 20, {}, 20],
    [undefined, 100, { limit: 9 }, 9],
    [undefined, 20, { limit: 25 }, 20],
    [undefined, 100, { batchSize: 50 }, 50],
    [undefined, 20, { batchSize: 50 }, 50],
  ] as const)("fixed %s, %s samples, %j: %s", (fixed, size, wanted, chosen) => {
    expect(chooseBatchSize(fixed, { size }, wanted)).toBe(chosen);
  });
});
