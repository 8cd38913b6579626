import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const AT_23 = { opset: 23 };
const LISTS = [
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] four = {4}, int64[1] ten = {10}, int64[1] three = {3}",
];
const TABLES =
  "h = Concat <axis = 2> (f, f) c = Cos (h) d = Sin (h) C = Unsqueeze (c, one) S = Unsqueeze (d, one)";
const rotate = (x: string, y: string): string =>
  `a = Slice (${x}, zero, two, three) b = Slice (${x}, two, four, three) n = Neg (b) o = Concat <axis = 3> (n, a)
   p = Mul (${x}, C) s = Mul (o, S) ${y} = Add (p, s)`;

describe("fuse-rotary-embedding", () => {
  it("rotates the first elements and leaves the rest alone", async () => {
    const text = graphText(
      "float[2,3,5,10] x, float[2,5,2] f",
      LISTS,
      `${TABLES} u = Slice (x, zero, four, three) w = Slice (x, four, ten, three) ${rotate("u", "r")}
       y = Concat <axis = -1> (r, w)`,
    );
    const { model } = await expectRewrite(
      text,
      ["c_half = Cos(f)", "d_half = Sin(f)", "y = RotaryEmbedding(x, c_half, d_half)"],
      AT_23,
    );
    expect(model.graph.last?.int("rotary_embedding_dim")).toBe(4);
  });

  it("keeps parts of several values apart", async () => {
    const text = graphText(
      "float[2,3,5,10] x, float[2,3,5,10] z, float[2,5,2] f",
      LISTS,
      `${TABLES} u = Slice (x, zero, four, three) w = Slice (z, four, ten, three) ${rotate("u", "r")}
       y = Concat <axis = -1> (r, w)`,
    );
    expect((await rewrite(text, AT_23)).ops).toHaveLength(6);
  });

  it("leaves the parts to those who read them", async () => {
    await expectRefused(
      graphText(
        "float[2,3,5,4] x, float[2,5,2] f",
        LISTS,
        `${TABLES} ${rotate("x", "e")} q = Neg (o) y = Add (e, q)`,
      ),
      "spelled-out-value-is-used-elsewhere",
      { passes: ["fuse-rotary-embedding"], ...AT_23 },
    );
  });

  it("says which opset has RotaryEmbedding", async () => {
    await expectRefused(
      graphText("float[2,3,5,4] x, float[2,5,2] f", LISTS, `${TABLES} ${rotate("x", "y")}`),
      "opset-lacks-operator",
      { passes: ["fuse-rotary-embedding"], opset: 20 },
    );
  });

  it("serves queries and keys with one pair of tables", async () => {
    const twice = `${rotate("x", "e").replaceAll(/\b([abnops])\b(?= =|\)|,)/g, "$1x")}`;
    const { ops } = await rewrite(
      graphText(
        "float[2,3,5,4] x, float[2,3,5,4] z, float[2,5,2] f",
        LISTS,
        `${TABLES} ${twice} ${rotate("z", "g")} y = Add (e, g)`,
      ),
      AT_23,
    );
    expect(ops).toHaveLength(5);
  });
});
