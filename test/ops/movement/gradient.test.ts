import { describe, expect, it } from "vitest";
import {
  addedOperators,
  checkGradient,
  emit,
  expectRuleRefuses,
  type GradientRow,
  gradientTable,
  graphOf,
  modelOf,
} from "../../support/gradient.js";

const ROWS: readonly GradientRow[] = [
  ["y = Transpose(x)", "[2,3,4]", "[4,3,2]"],
  ["y = Transpose <perm = [1, 2, 0]> (x)", "[2,3,4]", "[3,4,2]"],
  ["y = Expand(x, s)", "[3,1]", "[2,3,4]", "int64[3] s = {2, 1, 4}"],
  ["y = Expand(x, s)", "[3,4]", "[3,4]", "int64[1] s = {1}"],
  ["y = Tile(x, r)", "[2,3]", "[4,9]", "int64[2] r = {2, 3}"],
  ["y = Tile(x, r)", "[2,3]", "[2,0]", "int64[2] r = {1, 0}"],
  ["y = Slice(x, s, e, a)", "[4,5]", "[2,5]", "int64[1] s = {1}, int64[1] e = {3}, int64[1] a = {0}"],
  [
    "y = Slice(x, s, e, a)",
    "[4,5]",
    "[3,2]",
    "int64[2] s = {-3, 0}, int64[2] e = {100, -3}, int64[2] a = {0, -1}",
  ],
  ["y = Slice(x, s, e)", "[4,5]", "[2,5]", "int64[1] s = {1}, int64[1] e = {3}"],
  ["y = Slice(x, s, e)", "[4,5]", "[0,5]", "int64[1] s = {3}, int64[1] e = {2}"],
  [
    "y = Slice(x, s, e, a, t)",
    "[4,5]",
    "[4,3]",
    "int64[1] s = {0}, int64[1] e = {9}, int64[1] a = {1}, int64[1] t = {2}",
  ],
  [
    "y = Slice(x, s, e, a, t)",
    "[4,5]",
    "[4,2]",
    "int64[1] s = {-1}, int64[1] e = {-100}, int64[1] a = {1}, int64[1] t = {-3}",
  ],
  ["y = Pad(x, p)", "[2,3]", "[3,6]", "int64[4] p = {1, 2, 0, 1}"],
  ["y = Pad(x, p)", "[3,4]", "[3,3]", "int64[4] p = {1, -2, -1, 1}"],
  ["y = Pad(x, p, v, a)", "[2,3]", "[2,6]", "int64[2] p = {2, 1}, float v = {0.5}, int64[1] a = {-1}"],
  [`y = Pad <mode = "reflect"> (x, p)`, "[2,4]", "[2,8]", "int64[4] p = {0, 3, 0, 1}"],
  [`y = Pad <mode = "edge"> (x, p)`, "[2,3]", "[4,6]", "int64[4] p = {1, 2, 1, 1}"],
  [`y = Pad <mode = "wrap"> (x, p)`, "[2,3]", "[4,6]", "int64[4] p = {1, 2, 1, 1}"],
  ["y = Gather(x, i)", "[4,3]", "[2,3,3]", "int64[2,3] i = {0, 1, -1, 1, 1, 3}"],
  ["y = Gather <axis = 1> (x, i)", "[2,4,3]", "[2,3,3]", "int64[3] i = {0, -1, 0}"],
  ["y = Gather <axis = -1> (x, i)", "[2,4]", "[2,2,2]", "int64[2,2] i = {3, 0, 3, 1}"],
  ["y = Gather <axis = 1> (x, i)", "[2,4,3]", "[2,3]", "int64 i = {-1}"],
  ["y = Gather <axis = 1> (x, i)", "[2,1,3]", "[2,3]", "int64 i = {0}"],
  ["y = GatherElements <axis = 1> (x, i)", "[2,3]", "[2,4]", "int64[2,4] i = {0, 0, -1, 1, 2, 2, 2, 0}"],
  ["y = GatherND(x, i)", "[2,3,4]", "[3,4]", "int64[3,2] i = {0, 1, 1, -1, 0, 1}"],
  ["y = GatherND <batch_dims = 1> (x, i)", "[2,3,4]", "[2,4]", "int64[2,1] i = {2, 0}"],
  ["y = Trilu(x)", "[2,3,4]", "[2,3,4]"],
  ["y = Trilu <upper = 0> (x, k)", "[3,4]", "[3,4]", "int64 k = {-1}"],
  ["y = DepthToSpace <blocksize = 2> (x)", "[2,8,2,3]", "[2,2,4,6]"],
  [`y = DepthToSpace <blocksize = 2, mode = "CRD"> (x)`, "[2,8,2,3]", "[2,2,4,6]"],
  ["y = SpaceToDepth <blocksize = 2> (x)", "[2,2,4,6]", "[2,8,2,3]"],
  ["y = Compress <axis = 1> (x, k)", "[2,4]", "[2,2]", "bool[4] k = {0, 1, 0, 1}"],
  ["y = Compress (x, k)", "[2,3]", "[2]", "bool[4] k = {0, 1, 0, 1}"],
  ["y = Split <axis = 1, num_outputs = 1> (x)", "[2,3]", "[2,3]"],
  ["y, z = Split <axis = -1> (x, s)", "[2,5]", "[2,2]", "int64[2] s = {2, 3}"],
  ["z, y = Split <num_outputs = 2> (x)", "[5,2]", "[2,2]"],
  ["a, b, d = Split <num_outputs = 3> (x) e = Mul(a, d) y = Add(e, e)", "[6,2]", "[2,2]"],
  ["y = Concat <axis = 0> (x)", "[2,3]", "[2,3]"],
  ["y = Concat <axis = -1> (x, x, x)", "[2,3]", "[2,9]"],
];

gradientTable("operators that move elements", ROWS);

describe("operators of several tensors", () => {
  it("Concat", async () => {
    const text = "g (float[2,1] a, float[2,3] b) => (float[2,5] y) { y = Concat <axis = 1> (a, b, a) }";
    await checkGradient(text);
    await checkGradient(text, { wrt: ["b"] });
  });

  it("Pad whose value is computed", async () => {
    const text =
      "g (float[2,3] x, float v) => (float[3,5] y) <int64[4] p = {1, 0, 0, 2}> { y = Pad(x, p, v) }";
    await checkGradient(text);
    const negative = text.replace("{1, 0, 0, 2}", "{2, -1, -1, 3}");
    await checkGradient(negative);
  });

  it("Slice, Pad, Tile and Expand by numbers that only the run knows", async () => {
    await checkGradient(
      "g (float[4,5] x, int64[2] s, int64[2] e, int64[2] a) => (float[3,2] y) { y = Slice(x, s, e, a) }",
      { feeds: { s: [-3, 0], e: [100, -3], a: [0, -1] } },
    );
    await checkGradient("g (float[4,5] x, int32[1] s, int32[1] e) => (float[2,5] y) { y = Slice(x, s, e) }", {
      feeds: { s: [1], e: [3] },
    });
    await checkGradient(
      "g (float[4,5] x, int64[1] s, int64[1] e, int64[1] a, int64[1] t) => (float[4,2] y) { y = Slice(x, s, e, a, t) }",
      { feeds: { s: [-1], e: [-100], a: [1], t: [-3] } },
    );
    await checkGradient("g (float[2,3] x, int64[4] p) => (float[3,6] y) { y = Pad(x, p) }", {
      feeds: { p: [1, 2, 0, 1] },
    });
    await checkGradient("g (float[2,3] x, int64[2] r) => (float[4,9] y) { y = Tile(x, r) }", {
      feeds: { r: [2, 3] },
    });
    await checkGradient("g (float[3,1] x, int64[3] s) => (float[2,3,4] y) { y = Expand(x, s) }", {
      feeds: { s: [2, 1, 4] },
    });
  });

  it("Gather of rows that only the run knows", async () => {
    const text = (axis: number, y: string): string =>
      `g (float[3,4] x, int64[2,2] i) => (float${y} y) { y = Gather <axis = ${axis}> (x, i) }`;
    await checkGradient(text(0, "[2,2,4]"), { feeds: { i: [0, 2, -1, 0] } });
    await checkGradient(text(1, "[3,2,2]"), { feeds: { i: [0, 2, -1, 0] } });
    const narrow = text(0, "[2,2,4]").replace("int64", "int32");
    await checkGradient(narrow, { feeds: { i: [0, 2, -1, 0] } });
  });

  it.each(["none", "add"])("ScatterElements and ScatterND, reduction %s", async (reduction) => {
    const elements = `g (float[3,4] x, float[2,2] u, int64[2,2] i) => (float[3,4] y) {
      y = ScatterElements <axis = 1, reduction = "${reduction}"> (x, i, u)
    }`;
    await checkGradient(elements, { feeds: { i: reduction === "add" ? [1, 1, 0, -1] : [0, 2, 3, -3] } });
    const tuples = `g (float[3,4] x, float[2,4] u, int64[2,1] i) => (float[3,4] y) {
      y = ScatterND <reduction = "${reduction}"> (x, i, u)
    }`;
    await checkGradient(tuples, { feeds: { i: reduction === "add" ? [1, 1] : [2, 0] } });
    await checkGradient(tuples, { wrt: ["u"], feeds: { i: [2, 0] } });
  });

  it.each(["mul", "max"])("refuses scattering with reduction %s", (reduction) => {
    const model = modelOf(`g (float[3] x, float[1] u, int64[1] i) => (float[3] y) {
      y = ScatterElements <reduction = "${reduction}"> (x, i, u)
    }`);
    expectRuleRefuses(model, "y", "x", "scatter-reduction-has-no-gradient");
  });

  it("OneHot gives its values the sums", async () => {
    await checkGradient(
      "g (float[2] v, int64[4] i) => (float[4,3] y) <int64 d = {3}> { y = OneHot(i, d, v) }",
      { feeds: { i: [0, 2, -1, 7] } },
    );
    await checkGradient(
      "g (float[2] v, int64[4] i) => (float[3,4] y) <int64 d = {3}> { y = OneHot <axis = 0> (i, d, v) }",
      { feeds: { i: [0, 2, -1, 1] } },
    );
  });

  it("ReverseSequence reverses again", async () => {
    const text = (attributes: string): string =>
      `g (float[3,2] x, int64[2] n) => (float[3,2] y) { y = ReverseSequence <${attributes}> (x, n) }`;
    await checkGradient(text("time_axis = 0, batch_axis = 1"), {
      reference: false,
      feeds: { n: [2, 3] },
      seeds: [1, 2, 3, 4, 5, 6],
      expected: { x: [3, 6, 1, 4, 5, 2] },
    });
  });

  it("gives gradients of half precision", async () => {
    await checkGradient("g (float16[4,3] x, int64[3] i) => (float16[3,3] y) { y = Gather(x, i) }", {
      feeds: { i: [0, 0, 3] },
      rounding: 1e-3,
    });
  });
});

describe("the nodes that are added", () => {
  it.each([
    ["y = Slice(x, one, two)", "Pad 1"],
    ["y = Gather <axis = 1> (x, zero)", "Pad 1, Unsqueeze 1"],
    ["y = Gather(x, one)", "ConstantOfShape 1, ScatterND 1, Unsqueeze 1"],
    ["y = Concat <axis = 0> (x, x)", "Add 1, Split 1"],
    ["y = Transpose(x)", "Transpose 1"],
  ])("%s takes %s", (body, expected) => {
    const constants = "int64[1] one = {1}, int64[1] two = {2}, int64 zero = {0}";
    const model = modelOf(graphOf("[4,3]", "[1,3]", constants, body));
    expect(addedOperators(model, emit(model, "y", ["x"]))).toBe(expected);
  });
});
