import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,6,7,4] x, float[N,3,7,4] z";
const PASS = { passes: ["merge-slices-and-concats", "eliminate-dead"] };
const ALONE = { passes: ["merge-slices-and-concats"] };
const ints = (name: string, ...values: readonly (number | string)[]): string =>
  `int64[${values.length}] ${name} = {${values.join(", ")}}`;

describe("Split and Concat", () => {
  const parts = [ints("s", 1, 2, 3)];
  const split = "a, b, c = Split <axis = 1> (x, s)";

  it.each([
    ["all parts in order", `${split} d = Concat <axis = -3> (a, b, c) y = Neg (d)`, ["y = Neg(x)"]],
    [
      "a Concat in a Concat, first and last",
      "a = Concat <axis = 1> (x, z) b = Concat <axis = -3> (z, z) y = Concat <axis = 1> (a, x, b)",
      ["y = Concat(x, z, x, z, z)"],
    ],
    [
      "a Split at the borders of a Concat",
      "c = Concat <axis = 1> (x, z) a, b = Split <axis = 1> (c, t) d = Neg (b) e = Exp (a) y = Concat <axis = 1> (d, e)",
      ["d = Neg(z)", "e = Exp(x)", "y = Concat(d, e)"],
    ],
    [
      "a Slice at the borders of a Concat",
      "c = Concat <axis = 1> (x, z) a = Slice (c, six, far, one) y = Neg (a)",
      ["y = Neg(z)"],
    ],
  ])("%s", async (_, nodes, after) => {
    const constants = [
      ...parts,
      ints("t", 6, 3),
      ints("six", -3),
      ints("far", "9223372036854775807"),
      ints("one", 1),
    ];
    await expectRewrite(graphText(X, constants, nodes), after, PASS);
  });

  it.each([
    ["parts in another order", `${split} y = Concat <axis = 1> (b, a, c)`, "y"],
    ["parts along another axis", "a, b = Split <axis = 2> (w, u) y = Concat <axis = 1> (a, b)", "y"],
    ["some of the parts", `${split} y = Concat <axis = 1> (a, b)`, "y"],
    [
      "a Concat that others read",
      "a = Concat <axis = 1> (x, z) b = Concat <axis = 1> (a, z) e = Exp (a) y = Neg (b)",
      "y, e",
    ],
    ["a Concat of another axis", "a = Concat <axis = 2> (x, x) y = Concat <axis = 1> (a, a)", "y"],
    [
      "a Split elsewhere than at the border",
      "c = Concat <axis = 1> (x, z) a, b = Split <axis = 1> (c, t) y = Neg (a) e = Neg (b)",
      "y, e",
    ],
    [
      "a Split of one value twice, both halves of which callers see",
      "n = Neg (x) c = Concat <axis = 1> (n, n) y, e = Split <axis = 1> (c, v)",
      "y, e",
    ],
    ["a Slice across the border", "c = Concat <axis = 1> (x, z) y = Slice (c, five, eight, one)", "y"],
  ])("%s stay", async (_, nodes, outputs) => {
    const constants = [
      ...parts,
      ints("t", 5, 4),
      ints("v", 6, 6),
      ints("u", 3, 3),
      ints("five", 5),
      ints("eight", 8),
      ints("one", 1),
    ];
    await expectRefused(graphText(`${X}, float[2,4,6] w`, constants, nodes, outputs), undefined, ALONE);
  });
});

describe("Slice of Slice", () => {
  it.each([
    ["other axes, one of which is dynamic", ["a", -2, 5, 0, 1], ["b", 1, 6, 2, 2]],
    ["the same axis", ["a", 1, 6, 1, 1], ["b", -4, -1, 1, 1]],
    ["steps", ["a", 1, 99, 2, 2], ["b", 1, 3, 2, 1]],
    ["steps of steps", ["a", 0, 99, 2, 2], ["b", 0, 99, 2, 3]],
    ["nothing left", ["a", 2, 4, 1, 1], ["b", 2, 9, 1, 1]],
    [
      "backwards along one, forward along the other",
      ["a", -1, "-9223372036854775808", 2, -1],
      ["b", 1, 5, 1, 1],
    ],
  ])("%s", async (_, ...cuts) => {
    const constants = cuts.flatMap(([name, start, end, axis, step]) => [
      ints(`${name}0`, start ?? 0),
      ints(`${name}1`, end ?? 0),
      ints(`${name}2`, axis ?? 0),
      ints(`${name}3`, step ?? 1),
    ]);
    const { model } = await expectRewrite(
      graphText(X, constants, "m = Slice (x, a0, a1, a2, a3) y = Slice (m, b0, b1, b2, b3)"),
      [expect.stringMatching(/^y = Slice\(x, y_starts, y_ends, y_axes(, y_steps)?\)$/)],
      PASS,
    );
    expect(model.graph.nodeCount).toBe(1);
  });

  it.each([
    ["the same axis of a dynamic size", 0, 1],
    ["backwards twice", 1, -1],
  ])("%s stays", async (_, axis, step) => {
    const constants = [
      ints("a0", step < 0 ? -1 : 1),
      ints("a1", step < 0 ? -99 : 99),
      ints("a2", axis),
      ints("a3", step),
    ];
    await expectRefused(
      graphText(X, constants, "m = Slice (x, a0, a1, a2, a3) y = Slice (m, a0, a1, a2, a3)"),
      undefined,
      ALONE,
    );
  });
});

describe("a Concat that several read", () => {
  const INPUTS = "float[N,6,7,4] x, float[N,3,7,4] z";
  const shared = "t = Concat <axis = 1> (x, z)";

  it.each([
    [
      "Concats along its axis",
      `${shared} y = Concat <axis = 1> (t, z) w = Concat <axis = -3> (x, t)`,
      "y, w",
      ["y = Concat(x, z, z)", "w = Concat(x, x, z)"],
    ],
    ["one Concat twice", `${shared} y = Concat <axis = 1> (t, z, t)`, "y", ["y = Concat(x, z, z, x, z)"]],
    [
      "level by level",
      `${shared} u = Concat <axis = 1> (t, t) y = Concat <axis = 1> (u, x) w = Concat <axis = 1> (z, u)`,
      "y, w",
      ["y = Concat(x, z, x, z, x)", "w = Concat(z, x, z, x, z)"],
    ],
  ])("%s", async (_, nodes, outputs, after) => {
    await expectRewrite(graphText(INPUTS, [], nodes, outputs), after, PASS);
  });

  it.each([
    ["another operator reads it too", `${shared} e = Exp (t) y = Concat <axis = 1> (t, z)`, "y, e"],
    ["callers see it", `${shared} y = Concat <axis = 1> (t, z) w = Concat <axis = 1> (z, t)`, "y, w, t"],
    [
      "one of them goes along another axis",
      `${shared} y = Concat <axis = 1> (t, z) w = Concat <axis = 2> (t, t)`,
      "y, w",
    ],
  ])("stays: %s", async (_, nodes, outputs) => {
    await expectRefused(graphText(INPUTS, [], nodes, outputs), undefined, ALONE);
  });

  it("is not multiplied without end", async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `c${i + 1} = Concat <axis = 0> (c${i}, c${i})`);
    const { ops } = await rewrite(
      graphText("float[1] c0, float[1] x", [], `${levels.join(" ")} y = Neg (c12) z = Neg (x)`, "y, z"),
      PASS,
    );
    expect(ops.length).toBeLessThan(14);
  });
});
