import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite, rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const ALONE = { passes: ["simplify-resize"] };
const HEAD = ["int64[1] zero = {0}", "int64[1] two = {2}"];
const sized = (to: string, attributes: string): string =>
  `s = Shape (x) n = Slice (s, zero, two, zero) t = Concat <axis = 0> (n, ${to}) y = Resize ${attributes} (x, "", "", t)`;

describe("simplify-resize", () => {
  for (const [mode, attributes] of [
    ["nearest", '<mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">'],
    ["linear", '<mode = "linear", coordinate_transformation_mode = "half_pixel">'],
    ["linear, corners", '<mode = "linear", coordinate_transformation_mode = "align_corners">'],
    [
      "cubic",
      '<mode = "cubic", cubic_coeff_a = -0.5, coordinate_transformation_mode = "pytorch_half_pixel">',
    ],
  ] as const) {
    it(`${mode}: scales stand for sizes, up, down and by no whole factor`, async () => {
      const { ops, model } = await expectRewrite(
        graphText("float[N,3,6,7] x", [...HEAD, "int64[2] to = {9, 5}"], sized("to", attributes)),
        [expect.stringMatching(/^y = Resize.*\(x, "", t_scales\)$/)],
        { shapes: { x: [2, 3, 6, 7] } },
      );
      expect(ops).toHaveLength(1);
      const [scales] = [...model.graph.initializers];
      expect([...(scales?.tensor?.toFloat64() ?? [])]).toEqual([1, 1, 1.5, Math.fround(5 / 7)]);
    });
  }

  it("only the axes that are named", async () => {
    const { model } = await rewrite(
      graphText(
        "float[N,3,6,T] x",
        ["int64[1] last = {3}", "int64[1] nine = {9}"],
        'r = Shape <start = 3, end = 4> (x) t = Concat <axis = 0> (nine, r) y = Resize <mode = "nearest", axes = [2, 3]> (x, "", "", t)',
      ),
      { opset: 18, shapes: { x: [1, 3, 6, 5] } },
    );
    const [scales] = [...model.graph.initializers];
    expect([...(scales?.tensor?.toFloat64() ?? [])]).toEqual([1.5, 1]);
  });

  it("a size that is a number for a size that is none stays", async () => {
    await expectRefused(
      graphText("float[N,3,H,6] x", [...HEAD, "int64[2] to = {9, 5}"], sized("to", '<mode = "nearest">')),
      "scales-are-not-exact",
      ALONE,
    );
  });

  it("a scale that would round to another size stays", async () => {
    // 41 / 61 in float32, times 61, is a little less than 41.
    const [from, to] = roundsDown();
    await expectRefused(
      graphText(
        `float[N,1,1,${from}] x`,
        [...HEAD, `int64[2] to = {1, ${to}}`],
        sized("to", '<mode = "nearest">'),
      ),
      "scales-are-not-exact",
      ALONE,
    );
  });

  it("sizes of which one is reached stay", async () => {
    await expectRefused(
      graphText(
        "float[N,3,6,7] x",
        [...HEAD, "int64[2] to = {9, 5}"],
        sized("to", '<mode = "nearest", keep_aspect_ratio_policy = "not_larger">'),
      ),
      "sizes-are-bounds",
      { ...ALONE, opset: 18, runnable: "maybe" },
    );
  });
});

/** The first pair of sizes whose quotient in float32 does not give the second back. */
function roundsDown(): readonly [number, number] {
  for (let from = 2; from < 1000; from++) {
    for (let to = 1; to < from; to++) {
      if (Math.floor(Math.fround(Math.fround(to / from) * from)) !== to) return [from, to];
    }
  }
  throw new Error("every quotient of sizes below 1000 gives the size back");
}
