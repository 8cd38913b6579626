import { describe, expect, it } from "vitest";
import { expectKept, rewrite } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

const W = constant("W", [5, 3, 2, 3]);
const b = constant("b", [5]);
const bn = normalization("bn", 5);
const X = "float[N,3,6,7] x";

describe("values that others see", () => {
  it("the Conv output has a second use", async () => {
    await expectKept(
      graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("d", "c", "bn")} y = Add (d, c)`),
      "output-has-other-uses",
    );
    await expectKept(
      graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")} z = Relu (c)`, "y, z"),
      "output-has-other-uses",
    );
  });

  it("the Conv output is a graph output", async () => {
    await expectKept(
      graphText(X, [W, b, bn], `c = Conv (x, W, b) ${normalize("y", "c", "bn")}`, "y, c"),
      "value-is-graph-output",
    );
  });

  it("the Conv output is read in a body", async () => {
    await expectKept(
      graphText(
        `${X}, bool p`,
        [W, bn],
        `c = Conv (x, W) ${normalize("d", "c", "bn")}
         e = If (p) <then_branch = t () => (u) { u = Relu (c) }, else_branch = f () => (v) { v = Neg (d) }>`,
        "d, e",
      ),
      "output-has-other-uses",
    );
  });

  it("a shared weight: the other Conv keeps it", async () => {
    const { ops, model } = await rewrite(
      graphText(
        X,
        [W, b, bn],
        `c = Conv (x, W, b) ${normalize("y", "c", "bn")} n = Exp (x) z = Conv (n, W, b)`,
        "y, z",
      ),
    );
    expect(ops).toHaveLength(3);
    expect(model.graph.initializers.size).toBe(4);
  });

  it("a shared weight and two BatchNormalizations", async () => {
    const { ops, model } = await rewrite(
      graphText(
        X,
        [W, b, bn, normalization("o", 5)],
        `c = Conv (x, W, b) ${normalize("y", "c", "bn")} n = Exp (x) d = Conv (n, W, b) ${normalize("z", "d", "o")}`,
        "y, z",
      ),
    );
    expect(ops).toHaveLength(3);
    expect(model.graph.initializers.size).toBe(4);
  });

  it("a weight that is its own input elsewhere, and a graph output", async () => {
    const { ops } = await rewrite(
      graphText(X, [W, bn], `c = Conv (x, W) ${normalize("y", "c", "bn")} z = Exp (W)`, "y, z"),
      { passes: ["fold-affine-up", "eliminate-dead"] },
    );
    expect(ops).toHaveLength(2);
  });
});
