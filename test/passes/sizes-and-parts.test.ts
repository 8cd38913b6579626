import { describe, expect, it } from "vitest";
import { rewriteModel } from "../../src/library/rewrite-model.js";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

/** What each condition of the passes on sizes and parts is there for: cases that only it tells apart. */

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

  it("a computation of which others read parts goes on, and nothing is added beside it", async () => {
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

  it("sizes that are to stay do, whatever goes for them", async () => {
    const text = graphText(
      "float[N,M,5] x",
      [...LISTS, constant("w", [1, 1, 1])],
      `s = Shape (x) ${TAKEN} t = Concat <axis = 0> (u, v, one) e = Expand (w, t) y = Neg (e)`,
    );
    const { rewrites } = await rewriteModel(modelOf(text), { ...ALONE, keep: ["t"] });
    expect(rewrites.filter(({ pass }) => pass === "simplify-sizes")).toEqual([]);
  });
});

describe("simplify-resize", () => {
  it("the region of interest has its own sizes", async () => {
    await expectRefused(
      graphText(
        "float[N,3,6,7] x",
        [...LISTS, "int64[2] to = {9, 5}", "float[8] region = {0, 0, 0.25, 0.25, 1, 1, 0.75, 0.75}"],
        `s = Shape (x) n = Slice (s, zero, two, zero) t = Concat <axis = 0> (n, to)
         y = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize"> (x, region, "", t)`,
      ),
      /sizes from the region of interest/,
      { passes: ["simplify-resize"], shapes: { x: [2, 3, 6, 7] } },
    );
  });

  it("sizes that are constant stay what they are", async () => {
    await expectRefused(
      graphText("float[2,3,6,7] x", ["int64[4] to = {2, 3, 9, 5}"], 'y = Resize (x, "", "", to)'),
      undefined,
      { passes: ["simplify-resize"] },
    );
  });
});

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

  it("what takes nothing takes it of no part", async () => {
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

describe("merge-adjacent-slices", () => {
  const ALONE = { passes: ["merge-adjacent-slices", "eliminate-dead"] };
  const joined = (slices: string, constants: string, outputs = "y"): string =>
    graphText(
      "float[N,6,4] x",
      [...LISTS, constants],
      `${slices} c = Concat <axis = 1> (p, q) y = Exp (c)`,
      outputs,
    );

  it.each([
    ["along another axis too", "p = Slice (x, from, to, both) q = Slice (x, behind, end, both)"],
    ["of every second place", "p = Slice (x, zero, two, one) q = Slice (x, two, six, one, two)"],
    ["that leave a place out", "p = Slice (x, zero, two, one) q = Slice (x, three, six, one)"],
    ["in another order", "p = Slice (x, two, six, one) q = Slice (x, zero, two, one)"],
  ])("leaves slices %s", async (_, slices) => {
    const lists =
      "int64[1] six = {6}, int64[2] from = {0, 0}, int64[2] to = {2, 3}, int64[2] behind = {2, 0}, int64[2] end = {6, 3}, int64[2] both = {1, 2}";
    const { rewrites } = await rewrite(joined(slices, lists), ALONE);
    expect(rewrites.filter(({ pass }) => pass === "merge-adjacent-slices")).toEqual([]);
  });

  it("makes one Slice of two, and none where as many would be left", async () => {
    const slices = "p = Slice (x, one, two, one) q = Slice (x, two, three, one)";
    const { ops } = await rewrite(joined(slices, "int64 unused = {0}"), ALONE);
    expect(ops.filter((line) => line.includes("Slice"))).toHaveLength(1);
    const { rewrites } = await rewrite(joined(slices, "int64 unused = {0}", "y, p"), ALONE);
    expect(rewrites.filter(({ pass }) => pass === "merge-adjacent-slices")).toEqual([]);
  });
});

describe("eliminate-expands", () => {
  it("an Expand that others read stays for them", async () => {
    const { ops } = await rewrite(
      graphText(
        "float[N,4,5] x, float[N,4,1] v",
        [],
        "s = Shape (x) e = Expand (v, s) d = Div (x, e) n = Exp (e) y = Add (d, n)",
      ),
      { passes: ["eliminate-expands", "eliminate-dead"] },
    );
    expect(ops).toEqual(["s = Shape(x)", "e = Expand(v, s)", "d = Div(x, v)", "n = Exp(e)", "y = Add(d, n)"]);
  });
});

describe("merge-movement-chains", () => {
  it.each([
    ["Expand", "a = Tile (x, twice) y = Expand (a, to)"],
    ["Expand", "a = Exp (x) y = Expand (a, to)"],
    ["Tile", "a = Expand (x, to) y = Tile (a, twice)"],
    ["Pad", "a = Tile (x, twice) y = Pad (a, pads)"],
  ])("leaves %s behind another operator: %s", async (_, nodes) => {
    const { rewrites } = await rewrite(
      graphText(
        "float[1,3,1,3] x",
        [
          "int64[4] to = {2, 3, 2, 3}, int64[4] twice = {2, 1, 2, 1}, int64[8] pads = {1, 0, 0, 0, 0, 0, 0, 1}",
        ],
        nodes,
      ),
      { passes: ["merge-movement-chains"] },
    );
    expect(rewrites).toEqual([]);
  });
});

describe("eliminate-default-inputs", () => {
  it.each([
    ["zeros but for one", "h = Expand (almost, t)"],
    ["moved, and no zeros", "h = Expand (half, t)"],
    ["made of zeros by what gives none for them", "z = ConstantOfShape (t) h = Cos (z)"],
  ])("a state stays that is %s", async (_, state) => {
    const weights = [constant("W", [1, 6, 3]), constant("R", [1, 6, 2])];
    const numbers = "int64[1] layers = {1}, float[1,1,2] almost = {0, 0.5}, float half = {0.5}";
    const { ops } = await rewrite(
      graphText(
        "float[5,N,3] x",
        [...LISTS, ...weights, numbers],
        `s = Shape (x) n = Slice (s, one, two) t = Concat <axis = 0> (layers, n, two) ${state}
         y = GRU <hidden_size = 2> (x, W, R, "", "", h)`,
      ),
      { passes: ["eliminate-default-inputs"] },
    );
    expect(ops.at(-1)).toMatch(/h\)$/);
  });
});

describe("merge-variadic-chains", () => {
  const ALONE = { passes: ["merge-variadic-chains", "eliminate-dead"] };
  const bounded = (input: string, constants: string, node: string): string =>
    graphText(input, [constants], `y = ${node}`);

  it.each([
    [
      "the least for Min",
      "float[N,3] x",
      "float low = {-0.5}, float high = {0.25}",
      "Min (x, high, low)",
      [-0.5],
      [],
    ],
    [
      "the largest for Max",
      "float[N,3] x",
      "float low = {-0.5}, float high = {0.25}",
      "Max (low, x, high)",
      [0.25],
      [],
    ],
    [
      "with the rank of all",
      "float[3] x",
      "float low = {-0.5}, float[1,1] high = {0.25}",
      "Max (x, low, high)",
      [0.25],
      [1, 1],
    ],
    ["of integers", "int64[N,3] x", "int64 low = {-2}, int64 high = {3}", "Min (x, high, low)", [-2], []],
  ])("one constant for two, %s", async (_, input, constants, node, elements, dims) => {
    const { model } = await rewrite(bounded(input, constants, node), ALONE);
    const tensors = [...model.graph.initializers].map(({ tensor }) => tensor);
    expect(tensors.map((tensor) => tensor && [[...tensor.toFloat64()], tensor.dims])).toEqual([
      [elements, dims],
    ]);
  });

  it.each([
    ["not a number", "float[N,3] x", "float low = {nan}, float high = {0.25}", "Max (x, low, high)"],
    [
      "no number that is told from its neighbours",
      "int64[N,3] x",
      "int64 low = {9007199254740993}, int64 high = {3}",
      "Min (x, low, high)",
    ],
  ])("a constant stays that is %s", async (_, input, constants, node) => {
    const { rewrites } = await rewrite(bounded(input, constants, node), ALONE);
    expect(rewrites).toEqual([]);
  });

  it("an operand goes of which every element is the last of its type, and no other", async () => {
    const bound = async (input: string, constants: string, node: string): Promise<number> => {
      const { rewrites } = await rewrite(bounded(input, constants, node), ALONE);
      return rewrites.filter(({ summary }) => summary.includes("does without 1 operand that")).length;
    };
    expect(await bound("int32[N,3] x", "int32 last = {2147483647}", "Min (x, last)")).toBe(1);
    expect(await bound("int32[N,3] x", "int32 last = {2147483646}", "Min (x, last)")).toBe(0);
    const among = "float least = {-inf}, float[3] k = {0.5, -0.5, 0.25}";
    expect(await bound("float[N,3] x", among, "Max (x, k, least)")).toBe(1);
    expect(await bound("uint32[N,3] x", "uint32 last = {4294967295}", "Min (x, last)")).toBe(1);
    expect(await bound("float[N,3] x", "float[3] last = {-inf, 0.5, -inf}", "Max (x, last)")).toBe(0);
  });

  it("a chain becomes one in one go", async () => {
    const { rewrites } = await rewrite(
      graphText(
        "float[N,3] x, float[N,3] u, float[N,3] v, float[N,3] w",
        [],
        "a = Max (x, u) b = Max (a, v) y = Max (w, b)",
      ),
      ALONE,
    );
    expect(rewrites.map(({ summary }) => summary)).toEqual([
      expect.stringContaining('takes the operands of Max "b"'),
    ]);
  });
});
