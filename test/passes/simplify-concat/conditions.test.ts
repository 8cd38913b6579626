import { describe, expect, it } from "vitest";
import { rewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

/** For each condition of the passes on sizes and parts, the cases that only this condition tells apart. */
const LISTS = [
  "int64 first = {0}, int64 second = {1}",
  "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}",
];

describe("simplify-concat", () => {
  const ALONE = { passes: ["simplify-concat", "eliminate-dead"] };
  const CUTS = "int64[1] along = {1}, int64[1] six = {6}, int64[1] eight = {8}";
  const joined = (readers: string, constants: readonly string[] = []): string =>
    graphText(
      "float[N,6,4] x, float[N,3,4] z",
      [...LISTS, CUTS, ...constants],
      `c = Concat <axis = 1> (x, z) ${readers} y = Concat <axis = 1> (a, b)`,
    );

  it("a Slice from the border of a part to before the next one", async () => {
    const { ops } = await rewrite(
      joined("a = Slice (c, zero, two, along) b = Slice (c, six, eight, along)"),
      ALONE,
    );
    expect(ops.map((line) => line.replace(/, .*/, ""))).toEqual([
      "a = Slice(x",
      "b = Slice(z",
      "y = Concat(a",
    ]);
  });

  it("a Gather of the first and the last of a part, counted from either end", async () => {
    const { ops } = await rewrite(
      joined("a = Gather <axis = 1> (c, ends) b = Gather <axis = 1> (c, back)", [
        "int64[2] ends = {0, 5}, int64[3] back = {-1, -3, 6}",
      ]),
      ALONE,
    );
    expect(ops.map((line) => line.replace(/, .*/, ""))).toEqual([
      "a = Gather(x",
      "b = Gather(z",
      "y = Concat(a",
    ]);
  });

  it.each([
    ["along another axis", "p, q = Split <axis = 2> (c, along) y = Concat <axis = 2> (q, p)", "2, 2"],
    ["of a Concat that others read", "p, q = Split <axis = 1> (c, along) e = Exp (c) y = Sum (p, e)", "1, 8"],
  ])("a Split %s stays", async (_, readers, sizes) => {
    const { rewrites } = await rewrite(
      graphText(
        "float[N,6,4] x, float[N,3,4] z",
        [`int64[2] along = {${sizes}}`],
        `c = Concat <axis = 1> (x, z) ${readers}`,
      ),
      ALONE,
    );
    expect(rewrites.filter(({ pass }) => pass === "simplify-concat")).toEqual([]);
  });

  it("a reader of no elements reads no part", async () => {
    const { rewrites } = await rewrite(
      graphText(
        "float[N,6,4] x, float[N,3,4] z",
        [...LISTS, CUTS],
        "c = Concat <axis = 1> (x, z) a = Slice (c, two, two, along) b = Slice (c, six, eight, along)",
        "a, b",
      ),
      ALONE,
    );
    expect(rewrites.filter(({ pass }) => pass === "simplify-concat")).toEqual([]);
  });
});
