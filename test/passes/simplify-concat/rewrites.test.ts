import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";

const PASS = { passes: ["simplify-concat", "merge-adjacent-slices", "eliminate-dead"] };
const ALONE = { passes: ["simplify-concat", "merge-adjacent-slices"] };
const NUMBERS = [0, 1, 2, 3, 5, 6, 7, 8, 9].map((n) => `int64[1] k${n} = {${n}}`).join(", ");
const graph = (nodes: string, outputs = "y"): string =>
  `g (float[N,6,4] x, float[N,3,4] z, float[N,M,4] u) => (${outputs})
   <${NUMBERS}, int64[2] both = {1, -7}, int64[2] across = {1, 7}, int64 last = {-1}, int64[3] sizes = {4, 2, 3},
    int64[2] halves = {6, 6}, int64[2] odd = {7, 5}> { ${nodes} }`;
const C = "c = Concat <axis = 1> (x, z)";

describe("a part of a Concat", () => {
  it.each([
    [
      "Slice",
      `${C} a = Slice (c, k1, k3, k1) y = Neg (a)`,
      ["a = Slice(x, a_starts, a_ends, a_axes)", "y = Neg(a)"],
    ],
    [
      "Slice of two axes, with a step",
      `${C} s = Slice (c, k7, k9, k1) y = Neg (s)`,
      ["s = Slice(z, s_starts, s_ends, s_axes)", "y = Neg(s)"],
    ],
    [
      "Gather of several",
      `${C} a = Gather <axis = 1> (c, both) y = Neg (a)`,
      ["a = Gather(x, a_indices)", "y = Neg(a)"],
    ],
    [
      "Gather of one, from behind",
      `${C} a = Gather <axis = -2> (c, last) y = Neg (a)`,
      ["a = Gather(z, a_indices)", "y = Neg(a)"],
    ],
    [
      "several readers",
      `${C} a = Slice (c, k1, k3, k1) b = Gather <axis = 1> (c, last) e = Exp (b) y = Neg (a)`,
      ["a = Slice(x, a_starts, a_ends, a_axes)", "b = Gather(z, b_indices)", "e = Exp(b)", "y = Neg(a)"],
      "y, e",
    ],
    [
      "Split into several parts and one",
      "c = Concat <axis = 1> (z, z, x) a, b = Split <axis = 1> (c, halves) e = Exp (b) y = Neg (a)",
      ["a = Concat(z, z)", "e = Exp(x)", "y = Neg(a)"],
      "y, e",
    ],
  ])("%s", async (_, nodes, after, outputs = "y") => {
    await expectRewrite(graph(nodes, outputs), after, PASS);
  });

  it.each([
    ["a Slice across a border", `${C} y = Slice (c, k5, k8, k1)`, "y"],
    ["a Gather from two parts", `${C} y = Gather <axis = 1> (c, across)`, "y"],
    ["a Gather along another axis", `${C} y = Gather <axis = 2> (c, k1)`, "y"],
    ["a Concat that another reader wants whole", `${C} y = Slice (c, k1, k3, k1) e = Exp (c)`, "y, e"],
    ["a Concat with a dynamic size before", "c = Concat <axis = 1> (u, x) y = Slice (c, k1, k3, k1)", "y"],
    ["a Split through a part", "c = Concat <axis = 1> (z, z, x) y, e = Split <axis = 1> (c, odd)", "y, e"],
  ])("%s stays", async (_, nodes, outputs) => {
    await expectRefused(graph(nodes, outputs), undefined, ALONE);
  });
});

describe("parts of no elements", () => {
  it.each([
    ["one", "x, e, z", "leaves out 1 part without elements"],
    ["several", "e, x, e, z", "leaves out 2 parts without elements"],
  ])("%s", async (_, parts, summary) => {
    const text = `g (float[2,6,4] x, float[2,3,4] z) => (float[2,9,4] y) <float[2,0,4] e = {}> {
      y = Concat <axis = 1> (${parts}) }`;
    const { ops, rewrites } = await rewrite(text, { passes: ["simplify-concat"] });
    expect(ops).toEqual(["y = Concat(x, z)"]);
    expect(rewrites.map((record) => record.summary)).toEqual([`Concat "y" ${summary}`]);
  });
});

describe("Slices side by side", () => {
  it.each([
    [
      "the whole value that they cut",
      "a = Slice (x, k0, k2, k1) b = Slice (x, k2, k9, k1) c = Concat <axis = 1> (z, a, b) y = Neg (c)",
      ["c = Concat(z, x)", "y = Neg(c)"],
    ],
    [
      "some of it, in three pieces",
      "a = Slice (x, k0, k2, k1) b = Slice (x, k2, k3, k1) d = Slice (x, k3, k5, k1) c = Concat <axis = 1> (a, b, d, z) y = Neg (c)",
      ["a_1 = Slice(x, c_starts, c_ends, c_axes)", "c = Concat(a_1, z)", "y = Neg(c)"],
    ],
  ])("%s", async (_, nodes, after) => {
    await expectRewrite(graph(nodes), after, PASS);
  });

  it("Slices that make up the whole value become the value", async () => {
    await expectRewrite(
      graph("a = Slice (x, k0, k2, k1) b = Slice (x, k2, k6, k1) c = Concat <axis = 1> (a, b) y = Neg (c)"),
      ["y = Neg(x)"],
    );
  });

  it.each([
    [
      "in another order",
      "a = Slice (x, k0, k2, k1) b = Slice (x, k2, k6, k1) y = Concat <axis = 1> (b, a)",
      "y",
    ],
    ["with a gap", "a = Slice (x, k0, k2, k1) b = Slice (x, k3, k6, k1) y = Concat <axis = 1> (a, b)", "y"],
    [
      "of two values",
      "a = Slice (x, k0, k1, k1) b = Slice (z, k1, k3, k1) y = Concat <axis = 1> (a, b)",
      "y",
    ],
    [
      "along another axis",
      "a = Slice (x, k0, k2, k2) b = Slice (x, k2, k9, k2) y = Concat <axis = 1> (a, b)",
      "y",
    ],
    [
      "that others read, where one more would be made",
      "a = Slice (x, k0, k2, k1) b = Slice (x, k2, k5, k1) y = Concat <axis = 1> (a, b) e = Exp (a) f = Exp (b)",
      "y, e, f",
    ],
  ])("%s stay", async (_, nodes, outputs) => {
    await expectRefused(graph(nodes, outputs), undefined, ALONE);
  });
});
