import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText, modelText, normalization, normalize } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

describe("parameters that are not constant", () => {
  for (const role of ["gamma", "beta", "mean", "var"]) {
    it(`${role} is fed`, async () => {
      const constants = ["gamma", "beta", "mean", "var"].filter((other) => other !== role);
      await expectKept(
        graphText(
          `${X}, float[5] bn_${role}`,
          [W, ...constants.map((other) => constant(`bn_${other}`, [5], { low: 0.5, high: 2 }))],
          `c = Conv (x, W) ${normalize("y", "c", "bn")}`,
        ),
        /is a graph input/,
      );
    });
  }

  it("the Conv's bias or weight is fed", async () => {
    await expectKept(
      graphText(`${X}, float[5] b`, [W, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`),
      /bias B "b" is a graph input/,
    );
    await expectKept(
      graphText(`${X}, float[5,3,2,3] W`, [b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`),
      /weight W "W" is a graph input/,
    );
  });

  it("a weight that callers may override, from IR version 4 on", async () => {
    const graph = `g (${X}, float[5,3,2,3] W) => (y) <${W}, ${b}, ${bn}> { c = Conv (x, W, b) ${normalize("y", "c", "bn")} }`;
    await expectKept(modelText(graph, { ir: 4, opset: 9 }), /default a caller can override/);
    const { ops } = await rewrite(modelText(graph, { ir: 3, opset: 8 }));
    expect(ops).toHaveLength(1);
    const frozen = await rewrite(modelText(graph, { ir: 4, opset: 9 }), { freezeInitializers: true }).catch(
      () => undefined,
    );
    // A second run with the option has nothing left to freeze.
    expect(frozen?.ops).toHaveLength(1);
  });
});

describe("IR version 3, whose initializers are inputs", () => {
  it("folds, and a new bias, which is no input, raises the version", async () => {
    const types = ["gamma", "beta", "mean", "var"].map((role) => `float[5] bn_${role}`).join(", ");
    const text = modelText(
      `g (${X}, float[5,3,2,3] W, ${types}) => (float[N,5,5,5] y) <${W}, ${bn}> { c = Conv (x, W) ${normalize("y", "c", "bn")} }`,
      { ir: 3, opset: 7 },
    );
    const { model } = await expectRewrite(text, ["y = Conv(x, W, W_bias)"]);
    expect(model.irVersion).toBe(4);
    expect(model.graph.inputs.map((input) => input.name)).toEqual(["x"]);
  });

  it("keeps the version, and declares a bias with its new sizes", async () => {
    const text = modelText(
      `g (float[2,4] x, float[3,4] W, float c, float[3] t) => (float[2,3] y)
       <${constant("W", [3, 4])}, float c = {0.5}, ${constant("t", [3])}> { v = Gemm <transB = 1> (x, W, c) y = Add (v, t) }`,
      { ir: 3, opset: 7 },
    );
    const { model } = await expectRewrite(text, ["y = Gemm(x, W, c)"]);
    expect(model.irVersion).toBe(3);
    const bias = model.graph.inputs.find((input) => input.name === "c");
    expect(bias?.type).toMatchObject({ dtype: "float", shape: bias?.tensor?.dims });
  });
});
