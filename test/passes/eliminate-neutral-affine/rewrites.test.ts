import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,5,6] x";

describe("eliminate-neutral-affine", () => {
  it("one and zero in every form", async () => {
    await expectRewrite(
      graphText(
        X,
        ["float one = {1}", "float[5,1] zeros = {0, 0, 0, 0, 0}", "float[1,5,1] ones = {1, 1, 1, 1, 1}"],
        "a = Mul (one, x) b = Add (a, zeros) c = Div (b, ones) d = Sub (c, zeros) y = Neg (d)",
      ),
      ["y = Neg(x)"],
    );
  });

  it("a BatchNormalization that computes its input", async () => {
    await expectRewrite(
      graphText(
        "float[N,2,3] x",
        ["float[2] g = {1, -2}", "float[2] t = {3, 4}", "float[2] m = {3, -2}", "float[2] v = {1, 4}"],
        "r = Relu (x) n = Exp (r) y = BatchNormalization <epsilon: float = 0> (n, g, t, m, v)",
      ),
      ["r = Relu(x)", "n = Exp(r)", "y = BatchNormalization(n, g, t, m, v)"],
    );
    await expectRewrite(
      graphText(
        "float[N,2,3] x",
        ["float[2] g = {1, 2}", "float[2] t = {3, -2}", "float[2] m = {3, -2}", "float[2] v = {1, 4}"],
        "n = Neg (x) y = BatchNormalization <epsilon: float = 0> (n, g, t, m, v)",
      ),
      ["y = Neg(x)"],
    );
  });

  it("0 - x and 1 / x are not neutral", async () => {
    const { ops } = await rewrite(
      graphText(X, ["float one = {1}", "float zero = {0}"], "a = Sub (zero, x) y = Div (one, a)"),
    );
    expect(ops).toHaveLength(2);
  });

  it("a one that stretches x stays", async () => {
    await expectRefused(
      graphText("float[N,1,6] x", [`float[5,1] k = {1, 1, 1, 1, 1}`], "a = Mul (x, k) y = Exp (a)"),
    );
    await expectRefused(graphText("float[N,6] x", ["float[1,1,1] k = {1}"], "a = Mul (x, k) y = Exp (a)"));
    await expectRefused(
      graphText("float[N,M] x", ["float[1,3] k = {1,1,1}"], "a = Mul (x, k) y = Exp (a)"),
      undefined,
      {
        shapes: { x: [2, 1] },
      },
    );
  });

  it("integers are another pass's business: no map of fractions is made of them", async () => {
    await expectRefused(
      graphText(
        "int64[N,5] x",
        ["int64 one = {1}", "int64[5] k = {1, 2, 3, 4, 5}"],
        "a = Mul (x, one) b = Mul (a, k) y = Mul (b, k)",
      ),
      undefined,
      { passes: ["eliminate-neutral-affine", "compose-affine"] },
    );
    await expectRefused(graphText("int32[N,5] x", ["int32 k = {3}"], "a = Div (x, k) y = Div (a, k)"));
  });
});
