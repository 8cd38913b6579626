import { describe, expect, it } from "vitest";
import { expectKept, expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const passes = ["eliminate-neutral-operands"];

describe("eliminate-neutral-operands", () => {
  it.each([
    ["Add 0 to whole numbers", "int64[N,3] x", ["int64[1] k = {0}"], "b = Add (k, a)", "Neg"],
    ["Sub 0", "int32[N,3] x", ["int32[3] k = {0, 0, 0}"], "b = Sub (a, k)", "Neg"],
    ["Mul 1 of rank 0", "int64 x", ["int64 k = {1}"], "b = Mul (a, k)", "Neg"],
    [
      "Div 1 of the whole shape",
      "float[2,3] x",
      ["float[2,3] k = {1, 1, 1, 1, 1, 1}"],
      "b = Div (a, k)",
      "Exp",
    ],
    ["Pow 1", "float[N,3] x", ["float k = {1}"], "b = Pow (a, k)", "Exp"],
    ["And true", "bool[N,3] x", ["bool k = {1}"], "b = And (a, k)", "Not"],
    ["Or false", "bool[N,3] x", ["bool k = {0}"], "b = Or (k, a)", "Not"],
    ["Xor false", "bool[N,3] x", ["bool k = {0}"], "b = Xor (a, k)", "Not"],
  ])("%s goes", async (_, input, constants, middle, last) => {
    const nodes = `a = Identity (x) ${middle} y = ${last} (b)`;
    await expectRewrite(graphText(input, constants, nodes), ["a = Identity(x)", `y = ${last}(a)`], {
      passes,
    });
  });

  it.each([
    ["a 0 that broadcasts", "int64[1,3] x", ["int64[2,1] k = {0, 0}"], "b = Add (a, k)"],
    ["0 - a", "int64[N,3] x", ["int64 k = {0}"], "b = Sub (k, a)"],
    ["1 / a", "float[N,3] x", ["float k = {1}"], "b = Div (k, a)"],
    ["1 to the power of a", "float[N,3] x", ["float k = {1}"], "b = Pow (k, a)"],
    ["And false", "bool[N,3] x", ["bool k = {0}"], "b = And (a, k)"],
  ])("%s stays", async (_, input, constants, middle) => {
    const nodes = `a = Identity (x) ${middle} y = Identity (b)`;
    await expectRefused(graphText(input, constants, nodes), undefined, { passes });
  });

  const ROWS =
    "h = Shape <start = 0, end = 1> (x) d = Squeeze (h) r = Range (i0, d, i1) i = Unsqueeze (r, last)";
  const NUMBERS = ["int64 i0 = {0}", "int64 i1 = {1}", "int64[1] last = {-1}", "int64[2,1] swap = {1, 0}"];

  it.each([
    ["by a Range", "float[N,3] x, float[N,3] u", `${ROWS} a = ScatterND (x, i, u)`],
    [
      "by numbers",
      "float[2,3] x, float[2,3] u",
      "i = Constant <value = int64[2,1] {0, 1}> () a = ScatterND (x, i, u)",
    ],
  ])("a ScatterND of all rows goes: %s", async (_, inputs, nodes) => {
    const { ops } = await rewrite(graphText(inputs, NUMBERS, `${nodes} y = Exp (a)`));
    expect(ops).toEqual(["y = Exp(u)"]);
  });

  it.each([
    ["it adds", "float[N,3] x, float[N,3] u", `${ROWS} y = ScatterND <reduction = "add"> (x, i, u)`],
    ["in another order", "float[2,3] x, float[2,3] u", "y = ScatterND (x, swap, u)"],
    ["of some rows", "float[5,3] x, float[2,3] u", "y = ScatterND (x, swap, u)"],
    [
      "of a Range from 1",
      "float[2,3] x, float[1,3] u",
      `${ROWS.replace("Range (i0", "Range (i1")} y = ScatterND (x, i, u)`,
    ],
    ["of other rows", "float[N,3] x, float[M,3] u, int64[M,1] i", "y = ScatterND (x, i, u)"],
  ])("a ScatterND stays: %s", async (_, inputs, nodes) => {
    const { ops } = await rewrite(graphText(inputs, NUMBERS, nodes), {
      passes,
      ...(inputs.includes("M") ? { shapes: { x: [2, 3], u: [2, 3], i: [2, 1] } } : {}),
    });
    expect(ops.join()).toContain("ScatterND");
  });

  it("a Where of one value twice goes, unless its condition enlarges it", async () => {
    await expectRewrite(
      graphText("bool[3] c, float[2,3] x", [], "w = Where (c, x, x) y = Neg (w)"),
      ["y = Neg(x)"],
      {
        passes,
      },
    );
    await expectKept(graphText("bool[2,3] c, float[3] x", [], "w = Where (c, x, x) y = Neg (w)"), undefined, {
      passes,
    });
    await expectKept(
      graphText("bool[3] c, float[2,3] x, float[2,3] z", [], "w = Where (c, x, z) y = Neg (w)"),
      undefined,
      { passes },
    );
  });
});
