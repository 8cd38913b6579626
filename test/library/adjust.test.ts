import { expect, it } from "vitest";
import { adjustModel } from "../../src/library/adjust.js";
import { parseModel } from "../../src/text/parse.js";

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N,3] x) => (float[N,3] y) {
  a = Relu(x)  b = Tanh(a)  y = Neg(b) }`);

it("is the model itself where nothing is asked for", () => {
  expect(adjustModel(model, {})).toBe(model);
});

it("cuts first, and then fixes the sizes of the part's inputs", () => {
  const part = adjustModel(model, { inputs: ["a"], outputs: ["b"], overwriteInputShapes: { a: [4, 3] } });
  expect([...part.nodes()].map(({ opType }) => opType)).toEqual(["Tanh"]);
  expect(part.graph.inputs.map(({ name, type }) => [name, type])).toEqual([
    ["a", { kind: "tensor", dtype: "float", shape: [4, 3] }],
  ]);
  expect(adjustModel(model, { outputs: ["a"] }).graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(() => adjustModel(model, { inputs: ["a"], overwriteInputShapes: { x: [4, 3] } })).toThrow(
    expect.objectContaining({ id: "unknown-input" }),
  );
});
