import { describe, expect, it } from "vitest";
import { expectRefusal, expectRewrite, rewrite } from "../support/rewrite.js";
import { graphText, literal } from "../support/text.js";

const AT_23 = { opset: 23 };
const LOWEST = "-3.4028234663852886e38";

const masked = (inputs: string, constants: readonly string[], mask: string): string =>
  graphText(
    `float[2,4,3,8] q, float[2,4,5,8] k, float[2,4,5,6] v${inputs}`,
    ["float zero = {0}, float one = {1}", ...constants],
    `t = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, t) ${mask} p = Softmax (d) y = MatMul (p, v)`,
  );

describe("the mask of an attention", () => {
  it("of one row is repeated for all queries", async () => {
    for (const shape of ["2,1,1,5", "1,5", "5"]) {
      await expectRewrite(
        masked(`, float[${shape}] m`, [], "d = Add (s, m)"),
        ["m_rows = Expand(m, mask_rows)", "y = Attention(q, k, v, m_rows)"],
        AT_23,
      );
    }
  });

  it("of one row stays an Add where the number of queries is not known", async () => {
    const text = graphText(
      "float[2,4,S,8] q, float[2,4,5,8] k, float[2,4,5,6] v, float[2,1,1,5] m",
      [],
      `t = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, t) d = Add (s, m) p = Softmax (d) y = MatMul (p, v)`,
    );
    expectRefusal(await rewrite(text, AT_23), "mask-rows-are-dynamic");
  });

  it("of an attention without heads gets an axis for them", async () => {
    const text = graphText(
      "float[2,3,8] q, float[2,5,8] k, float[2,5,6] v, float[2,3,5] m",
      [],
      `t = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, t) d = Add (s, m) p = Softmax (d) y = MatMul (p, v)`,
    );
    await expectRewrite(
      text,
      ["m_heads = Unsqueeze(m, mask_heads)", "y = Attention(q, k, v, m_heads)"],
      AT_23,
    );
  });

  it("that has one number a row does not fit", async () => {
    for (const shape of ["3,1", "1", "3,4,3,5"]) {
      const text = masked(`, float[${shape}] m`, [], "d = Add (s, m)");
      const outcome = await rewrite(text, AT_23).catch(() => undefined);
      if (outcome !== undefined) expectRefusal(outcome, /mask "m" is not proven to fit/);
    }
  });

  it("keeps queries that all keys are hidden from by the lowest number alike for all keys", async () => {
    const { model } = await expectRewrite(
      masked(", bool[2,1,3,5] b", [`float low = {${LOWEST}}`], "f = Where (b, zero, low) d = Add (s, f)"),
      ["f_1 = Where(b, zero, low_1)", "y = Attention(q, k, v, f_1)"],
      AT_23,
    );
    const low = [...model.graph.initializers].find(({ name }) => name === "low_1")?.tensor?.toFloat64()[0];
    expect(low).toBe(Number(LOWEST) / 2);
  });

  it("does so behind views, and where a boolean is turned into it", async () => {
    await expectRewrite(
      masked(
        ", bool[2,5] b",
        [`float low = {${LOWEST}}, int64[2] axes = {1, 2}, int64[2] rows = {3, 1}`],
        `c = Cast <to = 1> (b) i = Sub (one, c) f = Mul (i, low) u = Unsqueeze (f, axes) e = Expand (u, rows)
         d = Add (s, e)`,
      ),
      [
        "c = Cast(b)",
        "i = Sub(one, c)",
        "f_1 = Mul(i, low_1)",
        expect.stringMatching(/Unsqueeze\(f/),
        expect.stringMatching(/Expand\(/),
        expect.stringMatching(/^y = Attention\(q, k, v, /),
      ],
      AT_23,
    );
  });

  it("is left alone where a number of any size is turned into it", async () => {
    const text = masked(", float[2,1,3,5] b", [`float low = {${LOWEST}}`], "f = Mul (b, low) d = Add (s, f)");
    expectRefusal(await rewrite(text, AT_23), "mask-may-hide-rows");
  });

  it("that is constant and leaves each query a key is taken as it is", async () => {
    const rows = [0, 1, 2].flatMap((row) => [0, 1, 2, 3, 4].map((key) => (key > row ? Number(LOWEST) : 0)));
    await expectRewrite(
      masked("", [literal("m", [3, 5], rows)], "d = Add (s, m)"),
      ["y = Attention(q, k, v, m)"],
      AT_23,
    );
    const hidden = rows.map((value, index) => (index < 5 ? Number(LOWEST) : value));
    await expectRewrite(
      masked("", [literal("m", [3, 5], hidden)], "d = Add (s, m)"),
      ["y = Attention(q, k, v, m_1)"],
      AT_23,
    );
  });
});
