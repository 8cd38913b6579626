import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";

const PASS = { passes: ["merge-movement-chains", "eliminate-dead"] };
const ALONE = { passes: ["merge-movement-chains"] };

function list(name: string, values: readonly number[]): string {
  return `int64[${values.length}] ${name} = {${values.join(", ")}}`;
}

describe("Pad of Pad", () => {
  const graph = (first: string, second: string, a: readonly number[], b: readonly number[]): string =>
    `g (float[N,4,5] x) => (y) <${list("a", a)}, ${list("b", b)}, float two = {2}, float zero = {0}>
     { m = Pad ${first} y = Pad ${second} }`;

  it.each([
    ["the borders add up", "(x, a)", "(m, b)", [0, 1, 0, 0, 0, 2], [0, 0, 3, 0, 1, 1], "y = Pad(x, y_pads)"],
    [
      "one value that is given twice",
      "(x, a, zero)",
      "(m, b)",
      [0, 1, 0, 0, 0, 2],
      [0, 1, 0, 0, 1, 1],
      "y = Pad(x, y_pads)",
    ],
    [
      "an own value",
      "(x, a, two)",
      "(m, b, two)",
      [0, 1, 0, 0, 0, 2],
      [0, 1, 0, 0, 1, 1],
      "y = Pad(x, y_pads, two)",
    ],
    [
      "the second takes back some of the border",
      "(x, a, two)",
      "(m, b)",
      [0, 2, 0, 0, 0, 2],
      [0, -1, 0, 0, 0, -2],
      "y = Pad(x, y_pads, two)",
    ],
    ["both cut off", "(x, a)", "(m, b)", [0, -1, 0, 0, 0, -1], [0, 0, 0, 0, -1, -1], "y = Pad(x, y_pads)"],
    [
      "the first cuts off on one side, the second pads the other",
      "(x, a)",
      "(m, b, two)",
      [0, -1, 0, 0, 0, 0],
      [0, 0, 2, 0, 1, 1],
      "y = Pad(x, y_pads, two)",
    ],
    [
      "edges",
      '<mode = "edge"> (x, a)',
      '<mode = "edge"> (m, b)',
      [0, 1, 0, 0, 0, 2],
      [0, 2, 1, 0, 0, 0],
      "y = Pad(x, y_pads)",
    ],
  ] as const)("%s", async (_, first, second, a, b, after) => {
    await expectRewrite(graph(first, second, a, b), [after], PASS);
  });

  it("of some axes", async () => {
    const { model } = await expectRewrite(
      `g (float[N,4,5] x) => (y) <int64[2] a = {1, 2}, int64[1] u = {-1}, int64[4] b = {1, 0, 0, 3}, int64[2] v = {1, 2}>
       { m = Pad (x, a, , u) y = Pad (m, b, , v) }`,
      ["y = Pad(x, y_pads)"],
      { ...PASS, opset: 18 },
    );
    const [pads] = [...model.graph.initializers];
    expect([...(pads?.tensor?.toFloat64() ?? [])]).toEqual([0, 1, 1, 0, 0, 5]);
  });

  it("by attributes, before opset 11", async () => {
    await expectRewrite(
      `<ir_version: 6, opset_import: ["" : 10]>
       g (float[2,4,5] x) => (float[2,7,8] y)
       { m = Pad <pads = [0, 1, 0, 0, 0, 2], value = 1.5> (x) y = Pad <pads = [0, 1, 0, 0, 1, 1], value = 1.5> (m) }`,
      ["y = Pad(x)"],
      PASS,
    );
  });

  it.each([
    ["other values", "(x, a, two)", "(m, b)", [0, 1, 0, 0, 0, 2], [0, 0, 3, 0, 1, 1]],
    ["other modes", '<mode = "edge"> (x, a)', "(m, b)", [0, 1, 0, 0, 0, 2], [0, 0, 3, 0, 1, 1]],
    [
      "reflections",
      '<mode = "reflect"> (x, a)',
      '<mode = "reflect"> (m, b)',
      [0, 1, 0, 0, 0, 2],
      [0, 0, 3, 0, 1, 1],
    ],
    ["a cut that the second pads again", "(x, a)", "(m, b)", [0, -1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]],
    ["a cut through the border into the data", "(x, a)", "(m, b)", [0, 1, 0, 0, 0, 0], [0, -2, 0, 0, 0, 0]],
    [
      "edges that are cut",
      '<mode = "edge"> (x, a)',
      '<mode = "edge"> (m, b)',
      [0, 2, 0, 0, 0, 0],
      [0, -1, 0, 0, 0, 0],
    ],
  ] as const)("%s stay", async (_, first, second, a, b) => {
    await expectRefused(graph(first, second, a, b), undefined, ALONE);
  });

  it("the value in between has other readers", async () => {
    await expectRefused(
      `g (float[N,4] x) => (y, e) <${list("a", [0, 1, 0, 0])}> { m = Pad (x, a) y = Pad (m, a) e = Exp (m) }`,
      undefined,
      ALONE,
    );
  });

  it("the pads are not known", async () => {
    await expectRefused(
      `g (float[N,4] x, int64[4] b) => (y) <${list("a", [0, 1, 0, 0])}> { m = Pad (x, a) y = Pad (m, b) }`,
      undefined,
      { ...ALONE, runnable: "maybe" },
    );
  });
});

describe("Expand of Expand", () => {
  it.each([
    ["the last target says the whole shape", "float[3,1] x", [1, 3, 4], [2, 3, 4], "y = Expand(x, b)"],
    ["a target with ones, of a known shape", "float[3,1] x", [2, 3, 4], [4], "y = Expand(x, y_shape)"],
    ["a dynamic size that both leave alone", "float[N,1] x", [1, 5], [1, 5], "y = Expand(x, b)"],
  ])("%s", async (_, x, a, b, after) => {
    await expectRewrite(
      `g (${x}) => (y) <${list("a", a)}, ${list("b", b)}> { m = Expand (x, a) y = Expand (m, b) }`,
      [after],
      PASS,
    );
  });

  it("a dynamic size that only the first target has made stays", async () => {
    await expectRefused(
      `g (float[N,1] x, int64[2] a) => (y) <${list("b", [1, 5])}> { m = Expand (x, a) y = Expand (m, b) }`,
      undefined,
      { ...ALONE, runnable: "maybe" },
    );
  });

  it("the value in between is a graph output", async () => {
    await expectRefused(
      `g (float[3,1] x) => (m, y) <${list("a", [3, 4])}, ${list("b", [2, 3, 4])}>
       { m = Expand (x, a) y = Expand (m, b) }`,
      undefined,
      ALONE,
    );
  });
});

describe("Tile of Tile", () => {
  it("repeats multiply", async () => {
    const { model } = await expectRewrite(
      `g (float[N,3] x) => (y) <${list("a", [2, 3])}, ${list("b", [1, 2])}> { m = Tile (x, a) y = Tile (m, b) }`,
      ["y = Tile(x, y_repeats)"],
      PASS,
    );
    const [repeats] = [...model.graph.initializers];
    expect([...(repeats?.tensor?.toFloat64() ?? [])]).toEqual([2, 6]);
  });

  it("repeats that are not known stay", async () => {
    await expectRefused(
      `g (float[2,3] x, int64[2] a) => (y) <${list("b", [1, 2])}> { m = Tile (x, a) y = Tile (m, b) }`,
      undefined,
      { ...ALONE, runnable: "maybe" },
    );
  });
});
