import { describe, expect, it } from "vitest";
import { expectKept, modelOf, rewrite } from "../../support/rewrite.js";
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

  it("Mul, Add and Gemm are left alone", async () => {
    await expectKept(
      graphText(X, [W, constant("k", [5])], "c = Conv (x, W) y = Mul <broadcast = 1, axis = 1> (c, k)"),
      undefined,
      { opset: 6, runnable: false },
    );
    await expectKept(
      graphText(
        "float[N,4] x",
        [constant("W", [4, 5]), b, bn],
        `c = Gemm <broadcast = 1> (x, W, b) ${normalize("y", "c", "bn", "<is_test = 1>")}`,
      ),
      /before opset 7/,
      { opset: 6, runnable: false },
    );
  });
});
