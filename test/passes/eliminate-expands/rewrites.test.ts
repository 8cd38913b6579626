import { describe, expect, it } from "vitest";
import { expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

describe("eliminate-expands", () => {
  it("a vector is divided by its length", async () => {
    await expectRewrite(
      graphText(
        "float[N,T,6] x",
        [constant("least", [], { low: 0.1, high: 0.2 })],
        `n = ReduceL2 <axes = [-1]> (x) m = Max (n, least) s = Shape (x) e = Expand (m, s) y = Div (x, e)`,
      ),
      ["n = ReduceL2(x)", "m = Max(n, least)", "y = Div(x, m)"],
    );
  });

  it("of two that are expanded alike, one keeps the shape", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[N,1,6] x, float[N,1,6] z",
        ["int64[3] sizes = {1, 4, 6}"],
        "a = Expand (x, sizes) b = Expand (z, sizes) y = Add (a, b)",
      ),
    );
    expect(ops.filter((line) => line.includes("Expand"))).toHaveLength(1);
  });

  it("a condition and branches of a Where", async () => {
    await expectRewrite(
      graphText(
        "float[N,4,6] x, bool[N,1,6] c",
        ["float zero = {0}", "int64[3] sizes = {1, 4, 1}"],
        "e = Expand (c, sizes) y = Where (e, x, zero)",
      ),
      ["y = Where(c, x, zero)"],
    );
  });

  it("where the shape comes from the Expand alone it stays", async () => {
    await expectRewrite(
      graphText(
        "float[N,1,6] x",
        ["int64[3] sizes = {1, 4, 1}", constant("w", [6])],
        "e = Expand (x, sizes) y = Add (e, w)",
      ),
      ["e = Expand(x, sizes)", "y = Add(e, w)"],
    );
  });

  it("and where sizes of the same name are not known to be equal", async () => {
    const { ops } = await rewrite(
      graphText("float[N,1] x, float[M,T] z, int64[2] sizes", [], "e = Expand (x, sizes) y = Mul (e, z)"),
      { shapes: { x: [2, 1], z: [2, 3], sizes: [2] }, runnable: "maybe" },
    );
    expect(ops).toEqual(["e = Expand(x, sizes)", "y = Mul(e, z)"]);
  });
});
