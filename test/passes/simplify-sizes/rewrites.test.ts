import { describe, expect, it } from "vitest";
import { expectRewrite, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const HEAD = [
  "int64 at = {0}",
  "int64[1] front = {0}",
  "int64[2] rest = {-1, -1}",
  "int64[3] asked = {-1, -1, -1}",
  "int64[3] ones = {1, 1, 1}",
];
/** How PyTorch writes `token.expand(n, -1, -1)`. */
const EXPANDED = `s = Shape (x) n = Gather (s, at) u = Unsqueeze (n, front) t = Concat <axis = 0> (u, rest)
  m = Equal (t, asked) z = Where (m, ones, t) e = Expand (w, z) y = Concat <axis = 1> (e, x)`;

describe("simplify-sizes", () => {
  const token = [...HEAD, constant("w", [1, 1, 5])];

  it("a size and ones come from Shape and a list, a range of Shape from opset 15 on", async () => {
    await expectRewrite(graphText("float[N,4,5] x", token, EXPANDED), [
      "z_1 = Shape(x)",
      "z_2 = Concat(z_1, z_list)",
      "e = Expand(w, z_2)",
      "y = Concat(e, x)",
    ]);
  });

  it("by a Gather before that", async () => {
    await expectRewrite(
      graphText("float[N,4,5] x", token, EXPANDED),
      [
        "s = Shape(x)",
        "z_1 = Gather(s, front)",
        "z_2 = Concat(z_1, z_list_1)",
        "e = Expand(w, z_2)",
        "y = Concat(e, x)",
      ],
      { opset: 13 },
    );
  });

  it("sizes that all are the tensor's are its Shape", async () => {
    const text = `s = Shape (x) n = Gather (s, at) u = Unsqueeze (n, front) t = Concat <axis = 0> (u, tail)
      z = Expand (w, t) y = Concat <axis = 1> (z, x) `;
    const { ops } = await rewrite(
      graphText(
        "float[N,4,5] x",
        ["int64 at = {0}", "int64[1] front = {0}", "int64[2] tail = {4, 5}", constant("w", [1, 4, 5])],
        text,
      ),
    );
    expect(ops).toEqual(["s = Shape(x)", "z = Expand(w, s)", "y = Concat(z, x)"]);
  });

  it("a computation with other readers stays, and nothing is added beside it", async () => {
    const { ops } = await rewrite(graphText("float[N,4,5] x", token, EXPANDED, "y, t, z"));
    expect(ops).toContain("e = Expand(w, z)");
  });

  it("products and sizes of two tensors stay computed", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[N,4,5] x, float[M,5] v",
        ["int64[1] front = {0}", "int64[1] five = {5}", constant("w", [1, 1, 5])],
        `s = Shape (x) n = Gather (s, front) r = Shape (v) m = Gather (r, front) t = Concat <axis = 0> (n, m, five)
         e = Expand (w, t) y = Neg (e)`,
      ),
    );
    expect(ops.filter((line) => /Shape|Gather/.test(line))).toHaveLength(4);
  });

  it("inside a body, where the tensor is outside", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[N,4,5] x, bool on",
        token,
        `y = If (on) <then_branch = a () => (float[N,5,5] p) {
           s = Shape (x) n = Gather (s, at) u = Unsqueeze (n, front) t = Concat <axis = 0> (u, rest)
           m = Equal (t, asked) z = Where (m, ones, t) e = Expand (w, z) p = Concat <axis = 1> (e, x) },
         else_branch = b () => (float[N,5,5] q) { c = Concat <axis = 1> (x, x) i = Slice (c, front, five, axis)
           q = Identity (i) }>`,
      ).replace("int64 at", "int64[1] five = {5}, int64[1] axis = {1}, int64 at"),
      { shapes: { x: [2, 4, 5] } },
    );
    expect(ops.join("\n")).not.toMatch(/Where|Equal/);
  });
});
