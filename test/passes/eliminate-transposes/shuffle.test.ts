import { describe, it } from "vitest";
import { expectRewrite } from "../../support/rewrite.js";

const SHUFFLE = `int64[3] paired = {6, 2, 20}, int64[5] split = {2, -1, 6, 4, 5}, int64 first = {0}, int64 second = {1}`;

describe("a channel shuffle whose halves are taken apart", () => {
  it("is a Reshape, from which each half is taken where it lies", async () => {
    await expectRewrite(
      `g (float[1,12,4,5] x) => (y, z) <${SHUFFLE}>
       { r = Reshape (x, paired) t = Transpose <perm = [1, 0, 2]> (r) s = Reshape (t, split)
         a = Gather <axis = 0> (s, first) b = Gather <axis = 0> (s, second) y = Relu (a) z = Neg (b) }`,
      [
        "x_parts = Reshape(x, s_parts)",
        "a = Gather(x_parts, first)",
        "b = Gather(x_parts, second)",
        "y = Relu(a)",
        "z = Neg(b)",
      ],
    );
  });

  it("keeps its Transpose where the channels are wanted in the new order", async () => {
    await expectRewrite(
      `g (float[1,12,4,5] x) => (y) <int64[5] paired = {1, 6, 2, 4, 5}, int64[4] back = {1, 12, 4, 5}>
       { r = Reshape (x, paired) t = Transpose <perm = [0, 2, 1, 3, 4]> (r) s = Reshape (t, back) y = Relu (s) }`,
      ["r = Reshape(x, paired)", "t = Transpose(r)", "s = Reshape(t, back)", "y = Relu(s)"],
    );
  });
});
