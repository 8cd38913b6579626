import { describe, expect, it } from "vitest";
import { verify } from "../../src/ir/verify.js";
import { fixInputShapes } from "../../src/library/input-shapes.js";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { modelOf } from "../support/rewrite.js";

const BRANCHED = `g (float[N,3] x, float[N,3] z) => (float[N,3] y, float[N,3] w)
  <float[3] k = {1, 2, 3}, float[3] l = {4, 5, 6}> {
    a = Mul(x, k)  b = Relu(a)  c = Add(b, z)  d = Mul(c, l)  y = Tanh(d)  w = Exp(b)
  }`;

describe("fixInputShapes", () => {
  it("holds a named size wherever an input names it, and works out the outputs", () => {
    const fixed = fixInputShapes(modelOf(BRANCHED), { x: [5, 3] });
    const shapes = [...fixed.graph.inputs, ...fixed.graph.outputs].map(({ type }) =>
      type?.kind === "tensor" ? type.shape : undefined,
    );
    expect(shapes).toEqual([
      [5, 3],
      [5, 3],
      [5, 3],
      [5, 3],
    ]);
    expect(verify(fixed)).toEqual([]);
  });

  it("folds shape arithmetic that the fixed sizes decide", async () => {
    const text = `g (float[N,C,H,W] x) => (float[N,M] y) {
      s = Shape(x)  zero = Constant <value = int64 {0}> ()  n = Gather(s, zero)
      axes = Constant <value = int64[1] {0}> ()  n1 = Unsqueeze(n, axes)
      minus = Constant <value = int64[1] {-1}> ()  shape = Concat <axis = 0> (n1, minus)  y = Reshape(x, shape)
    }`;
    const { model } = await rewriteModel(fixInputShapes(modelOf(text), { x: [2, 3, 4, 5] }));
    expect([...model.nodes()].map(({ opType }) => opType)).toEqual(["Reshape"]);
  });

  it.each([
    [{ q: [1] }, "unknown-input", /no input "q"; there are x, z/],
    [{ x: [1, 2, 3] }, "input-has-another-rank", /has 2 dimensions, not 3/],
    [{ x: [-1, 3] }, "input-cannot-have-size", /"x" cannot have size -1; give whole numbers from 0 on/],
    [{ x: [1.5, 3] }, "input-cannot-have-size", /cannot have size 1\.5/],
    [{ x: [Number.NaN, 3] }, "input-cannot-have-size", /cannot have size NaN/],
    [{ x: [1, 4] }, "input-has-another-size", /has size 3 where 4 was given/],
    [{ x: [1, 3], z: [2, 3] }, "input-has-another-size", /has size 1 where 2 was given/],
  ])("names the fault of %j in one line", (shapes, id, message) => {
    expect(() => fixInputShapes(modelOf(BRANCHED), shapes)).toThrow(
      expect.objectContaining({ code: "usage", id, message: expect.stringMatching(message) }),
    );
  });
});
