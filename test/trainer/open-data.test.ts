import { expect, it } from "vitest";
import { parseModel } from "../../src/text/parse.js";
import { inputSlots, openData } from "../../src/trainer/open-data.js";

const model =
  parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N,3] x, int64[N] k, float[3] c) => (float[N,3] y)
  <float[3] c = {1, 2, 3}> { h = Add(x, c)  y = Identity(h) }`);

it("requires data for each input without a default value", () => {
  expect(inputSlots(model)).toEqual([
    { name: "x", dtype: "float", shape: ["N", 3] },
    { name: "k", dtype: "int64", shape: ["N"] },
  ]);
});

it("says which input no dataset can feed", () => {
  const sequence = parseModel(
    `<ir_version: 8, opset_import: ["" : 17]> g (seq(float[N]) s) => (int64 n) { n = SequenceLength(s) }`,
  );
  expect(() => inputSlots(sequence)).toThrow(
    expect.objectContaining({ code: "unsupported", id: "model-input-is-no-tensor", where: { element: "s" } }),
  );
});

it("refuses a file that does not exist", async () => {
  await expect(openData(model, "/nowhere/x.npy")).rejects.toMatchObject({ code: "io" });
});
