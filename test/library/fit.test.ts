import { expect, it } from "vitest";
import { assertDataFits, assertSameInputs, assertShapesFit } from "../../src/library/fit.js";
import { parseGraph } from "../../src/text/parse.js";

const model = parseGraph("g (float[N,3] x) => (float[N,3] y) { y = Relu (x) }", { opset: 17 });
const set = (...dims: readonly number[]) => ({
  name: "s",
  feeds: new Map([["x", { dtype: "float" as const, dims, data: new Uint8Array() }]]),
  expected: undefined,
});

it("sizes fit where the model leaves them open or says the same", () => {
  for (const sizes of [[7, 3], [0, 3], [1]]) expect(() => assertShapesFit(model, { x: sizes })).not.toThrow();
  for (const sizes of [
    [7, 4],
    [-1, 3],
    [1.5, 3],
  ]) {
    expect(() => assertShapesFit(model, { x: sizes })).toThrow(
      expect.objectContaining({
        code: "usage",
        id: expect.stringMatching(/^(input-cannot-have-size|size-contradicts-model)$/),
      }),
    );
  }
  expect(() => assertShapesFit(model, undefined)).not.toThrow();
});

it("data fits in every set, and is not empty", () => {
  expect(() => assertDataFits(model, [set(2, 3)])).not.toThrow();
  expect(() => assertDataFits(model, [])).toThrow(expect.objectContaining({ id: "data-is-empty" }));
  expect(() => assertDataFits(model, [set(2, 3), set(2, 5)])).toThrow(
    expect.objectContaining({ code: "invalid" }),
  );
});

it("models are compared on the same inputs; one with a default may be missing", () => {
  const more = parseGraph("g (float[N,3] x, float[3] k) => (float[N,3] y) { y = Add (x, k) }", { opset: 17 });
  const withDefault = parseGraph(
    "g (float[N,3] x, float[3] k) => (float[N,3] y) <float[3] k = {1, 2, 3}> { y = Add (x, k) }",
    {
      opset: 17,
    },
  );
  expect(() => assertSameInputs(model, more)).toThrow(expect.objectContaining({ id: "inputs-differ" }));
  expect(() => assertSameInputs(more, model)).not.toThrow();
  expect(() => assertSameInputs(model, withDefault)).not.toThrow();
});
