import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

describe("operators of other domains", () => {
  it("a Conv or BatchNormalization of a custom domain is another operator", async () => {
    const { ops } = await rewrite(
      modelOf(
        `<ir_version: 8, opset_import: ["" : 17, "my" : 1]> ${graphText(X, [W, b, bn], `c = my.Conv (x, W, b) ${normalize("y", "c", "bn")}`)}`,
      ),
      { runnable: false },
    );
    expect(ops).toHaveLength(2);
  });

  it("a function of the model that takes an operator's name", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17]>
        ${graphText(X, [W, constant("k", [5, 1, 1])], "c = Conv (x, W) y = Mul (c, k)")}
        <opset_import: ["" : 17]> Mul (a, b) => (c) { c = Sub (a, b) }`),
      { runnable: "maybe" },
    );
    expect(ops).toHaveLength(3);
  });

  it("a function of the model with the name of an absorbing operator", async () => {
    const { ops } = await rewrite(
      modelOf(`<ir_version: 8, opset_import: ["" : 17]>
        ${graphText("float[N,5,6,7] x", [constant("W", [5, 5, 1, 1]), b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`)}
        <opset_import: ["" : 17]> Conv (a, w, b) => (c) { d = Neg (a) c = Exp (d) }`),
      { runnable: "maybe" },
    );
    expect(ops).toHaveLength(4);
  });
});

describe("before opset 7", () => {
  it("a shift that a MatMul cannot take stays where it is: Add has other rules there", async () => {
    await expectKept(
      graphText(
        "float[N,4,3] x",
        [constant("W", [4, 4]), normalization("bn", 4)],
        `c = MatMul (W, x) ${normalize("y", "c", "bn", "<is_test = 1>")}`,
      ),
      /opset 7/,
      { opset: 6, runnable: false },
    );
  });

  it("Mul and Add are left alone", async () => {
    await expectKept(
      graphText(X, [W, constant("k", [5])], "c = Conv (x, W) y = Mul <broadcast = 1, axis = 1> (c, k)"),
      undefined,
      { opset: 6, runnable: false },
    );
  });

  const layer = (attributes: string, C: string): string =>
    graphText(
      "float[3,4] x",
      [constant("W", [4, 5]), C, bn],
      `c = Gemm ${attributes} (x, W, b) ${normalize("y", "c", "bn", "<is_test = 1>")}`,
    );

  it.each([1, 6])("a Gemm of opset %i that adds a row takes a normalization", async (opset) => {
    const text = layer("<broadcast = 1>", constant("b", [5]));
    const { model } = await expectRewrite(text, ["y = Gemm(x, W, b)"], { opset, runnable: false });
    expect(model.graph.first?.int("broadcast")).toBe(1);
    // The constants are those of a version whose rules the runtime knows.
    const newer = layer("", constant("b", [5])).replaceAll("<is_test = 1>", "");
    const expected = (await rewrite(newer, { opset: 9 })).model.graph.first;
    for (const index of [1, 2]) {
      const [old, now] = [model.graph.first, expected].map((node) => node?.input(index)?.tensor?.toFloat64());
      expect([...(old ?? [])]).toEqual([...(now ?? [Number.NaN])]);
    }
  });

  it.each([
    ["a matrix", "", constant("b", [3, 5])],
    ["one number", "<broadcast = 1>", constant("b", [1])],
  ])("a Gemm that adds %s does not", async (_, attributes, C) => {
    await expectKept(layer(attributes, C), /before opset 7/, { opset: 6, runnable: false });
  });
});
