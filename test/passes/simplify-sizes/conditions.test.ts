import { describe, expect, it } from "vitest";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

/** For each condition of the passes on sizes and parts, the cases that only this condition tells apart. */
const LISTS = [
  "int64 first = {0}, int64 second = {1}",
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}",
];

/** Sizes of x, each taken on its own. */
const TAKEN = `a = Gather (s, first) b = Gather (s, second) u = Unsqueeze (a, zero) v = Unsqueeze (b, zero)`;

describe("simplify-sizes", () => {
  const ALONE = { passes: ["simplify-sizes", "eliminate-dead"] };

  it("sizes in a row, with a number behind them, are one range, from opset 15 on", async () => {
    const text = graphText(
      "float[N,M,5] x",
      [...LISTS, constant("w", [1, 1, 1])],
      `s = Shape (x) ${TAKEN} t = Concat <axis = 0> (u, v, one) e = Expand (w, t) y = Neg (e)`,
    );
    const range = ["t_1 = Shape(x)", "t_2 = Concat(t_1, t_list)", "e = Expand(w, t_2)", "y = Neg(e)"];
    await expectRewrite(text, range, { ...ALONE, opset: 15 });
    const gathered = ["s = Shape(x)", "t_1 = Gather(s, t_list)", "t_2 = Concat(t_1, t_list_1)"];
    await expectRewrite(text, [...gathered, ...range.slice(2)], { ...ALONE, opset: 14 });
  });

  it("sizes in another order are gathered from all, and from no less", async () => {
    const turned = (shape: string, rest = ""): string =>
      graphText(
        "float[N,M,K] x",
        [...LISTS, constant("w", [1, 1])],
        `s = Shape ${shape} (x) ${TAKEN} t = Concat <axis = 0> (v, u ${rest}) e = Expand (w, t) y = Neg (e)`,
      );
    const gathered = ["s = Shape(x)", "t_1 = Gather(s, t_list)", "e = Expand(w, t_1)", "y = Neg(e)"];
    await expectRewrite(turned(""), gathered, ALONE);
    const { rewrites } = await rewrite(turned("<start = 1>"), ALONE);
    expect(rewrites.filter(({ pass }) => pass === "simplify-sizes")).toEqual([]);
    const mixed = await rewrite(turned("<start = 1>", ", one"), ALONE);
    expect(mixed.rewrites.filter(({ pass }) => pass === "simplify-sizes")).toEqual([]);
  });

  it("a computation with other readers of its parts stays, and nothing is added beside it", async () => {
    const { rewrites } = await rewrite(
      graphText(
        "float[N,M,5] x",
        [...LISTS, constant("w", [1, 1, 1])],
        `s = Shape (x) ${TAKEN} t = Concat <axis = 0> (u, v, one) e = Expand (w, t)
         f = Cast <to = 1> (u) g = Cast <to = 1> (v) h = Mul (f, g) y = Mul (e, h)`,
      ),
      ALONE,
    );
    expect(rewrites.filter(({ pass }) => pass === "simplify-sizes")).toEqual([]);
  });

  it("pinned sizes stay, whatever they would save", async () => {
    const text = graphText(
      "float[N,M,5] x",
      [...LISTS, constant("w", [1, 1, 1])],
      `s = Shape (x) ${TAKEN} t = Concat <axis = 0> (u, v, one) e = Expand (w, t) y = Neg (e)`,
    );
    const { rewrites } = await rewriteModel(modelOf(text), { ...ALONE, keep: ["t"] });
    expect(rewrites.filter(({ pass }) => pass === "simplify-sizes")).toEqual([]);
  });
});
