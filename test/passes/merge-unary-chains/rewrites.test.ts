import { describe, expect, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,3,5] x";
const PASS = { passes: ["merge-unary-chains", "eliminate-dead"] };
const BOUNDS = ["float a = {-1}", "float b = {0}", "float c = {2}", "float d = {6}"];

describe("Relu and Clip", () => {
  it.each([
    ["Relu Relu", "r = Relu (x) s = Relu (r) y = Neg (s)", ["r = Relu(x)", "y = Neg(r)"]],
    ["Relu before Clip from 0", "r = Relu (x) y = Clip (r, b, d)", ["y = Clip(x, b, d)"]],
    [
      "Relu after Clip from 0",
      "r = Clip (x, b, d) s = Relu (r) y = Neg (s)",
      ["r = Clip(x, b, d)", "y = Neg(r)"],
    ],
    ["Clip in Clip", "r = Clip (x, a, d) y = Clip (r, b, c)", ["y = Clip(x, b, c)"]],
    ["bounds that overlap", "r = Clip (x, a, c) y = Clip (r, b, d)", ["y = Clip(x, y_min, y_max)"]],
    ["bounds apart", "r = Clip (x, c, d) y = Clip (r, a, b)", ["y = Clip(x, y_min, y_max)"]],
    ["Relu and an upper bound", 'r = Relu (x) y = Clip (r, "", d)', ["y = Clip(x, y_min, y_max)"]],
    // Infinity ends at the largest number of the type, which Relu alone would let through.
    ["a lower bound and Relu", "r = Clip (x, a) y = Relu (r)", ["y = Clip(x, y_min)"]],
    ["Relu and a lower bound", "r = Relu (x) y = Clip (r, a)", ["y = Clip(x, y_min)"]],
    ["an upper bound and Relu", 'r = Clip (x, "", d) y = Relu (r)', ["y = Clip(x, y_min, y_max)"]],
    ["two upper bounds", 'r = Clip (x, "", d) y = Clip (r, "", c)', ['y = Clip(x, "", c)']],
    [
      "a negative lower bound of a value that is never negative",
      "r = Sigmoid (x) s = Relu (r) y = Neg (s)",
      ["r = Sigmoid(x)", "y = Neg(r)"],
    ],
    ["no bounds", "r = Exp (x) s = Clip (r) y = Neg (s)", ["r = Exp(x)", "y = Neg(r)"]],
  ])("%s", async (_, nodes, after) => {
    await expectRewrite(graphText(X, BOUNDS, nodes), after, PASS);
  });

  it("bounds that are attributes, before opset 11", async () => {
    const { model } = await expectRewrite(
      graphText(X, [], "r = Clip <min = -1.0, max = 2.0> (x) s = Relu (r) y = Clip <max = 6.0> (s)"),
      ["y = Clip(x)"],
      { ...PASS, opset: 9 },
    );
    expect([model.graph.first?.float("min"), model.graph.first?.float("max")]).toEqual([0, 2]);
  });

  it("whole numbers, and elements that are not there", async () => {
    await expectRewrite(
      graphText("int32[0,3] x", ["int32 a = {-1}", "int32 c = {2}"], "r = Clip (x, a, c) y = Relu (r)"),
      ["y = Clip(x, y_min, y_max)"],
      PASS,
    );
  });

  it.each([
    ["bounds that cross", "r = Clip (x, d, a) y = Clip (r, b, c)", "y"],
    ["a value that callers see", "r = Clip (x, a, c) y = Clip (r, b, d)", "y, r"],
    ["a value that others read", "r = Clip (x, a, c) s = Clip (r, b, d) y = Add (r, s)", "y"],
    ["bounds that a caller gives", "r = Clip (x, a, q) y = Clip (r, b, d)", "y"],
    ["a bound that does more", "r = Relu (x) y = Neg (r) z = Clip (r, c, d)", "y, z"],
  ])("%s stay", async (_, nodes, outputs) => {
    const passes = ["merge-unary-chains"];
    await expectRefused(graphText(`${X}, float q`, BOUNDS, nodes, outputs), undefined, { passes });
  });
});

describe("other operators that repeat or undo themselves", () => {
  it.each([
    ["Neg Neg", "float[3,5] x", "a = Neg (x) b = Neg (a) y = Exp (b)", ["y = Exp(x)"]],
    ["Neg Neg of whole numbers", "int64[3,5] x", "a = Neg (x) b = Neg (a) y = Abs (b)", ["y = Abs(x)"]],
    ["Not Not", "bool[3,5] x, bool[5] z", "a = Not (x) b = Not (a) y = And (b, z)", ["y = And(x, z)"]],
    ["Abs Abs", "float[] x", "a = Abs (x) b = Abs (a) y = Exp (b)", ["a = Abs(x)", "y = Exp(a)"]],
    ["Abs of Neg", X, "a = Neg (x) y = Abs (a)", ["y = Abs(x)"]],
    ["a rounding of a rounding", X, "a = Floor (x) b = Ceil (a) y = Neg (b)", ["a = Floor(x)", "y = Neg(a)"]],
  ])("%s", async (_, input, nodes, after) => {
    await expectRewrite(graphText(input, [], nodes), after, PASS);
  });

  it("not Neg of Abs, Sqrt of Sqrt or LeakyRelu of LeakyRelu", async () => {
    for (const nodes of [
      "a = Abs (x) y = Neg (a)",
      "a = Sqrt (x) y = Sqrt (a)",
      "a = LeakyRelu (x) y = LeakyRelu (a)",
    ])
      await expectRefused(graphText(X, [], nodes), undefined, PASS);
  });

  it("not two Negs between a graph input and a graph output", async () => {
    await expectRefused(graphText(X, [], "a = Neg (x) y = Neg (a)"), "output-name-cannot-move", PASS);
  });
});

describe("Cast Cast", () => {
  const casts = (...to: readonly number[]): string =>
    `s = Identity (x) ${to.map((code, i) => `c${i + 1} = Cast <to = ${code}> (${i ? `c${i}` : "s"})`).join(" ")} y = Identity (c${to.length})`;

  it.each([
    ["float there and back through double", "float", [11, 1], 0],
    ["int32 through int64", "int32", [7, 6], 0],
    ["int32 through double", "int32", [11, 6], 0],
    ["bool through float", "bool", [1, 9], 0],
    ["uint8 through int32 to float", "uint8", [6, 1], 1],
    ["float through double to half", "float", [11, 10], 1],
    ["int64 is cut the same through int32", "int16", [7, 3], 1],
  ])("%s", async (_, dtype, codes, left) => {
    const { ops } = await expectRewrite(
      graphText(`${dtype}[3,5] x`, [], casts(...codes)),
      left === 0
        ? ["s = Identity(x)", "y = Identity(s)"]
        : ["s = Identity(x)", "c2 = Cast(s)", "y = Identity(c2)"],
      PASS,
    );
    expect(ops.filter((line) => line.includes("Cast"))).toHaveLength(left);
  });

  it.each([
    ["int64 through int32", "int64", [6, 7]],
    ["double through float", "double", [1, 11]],
    ["int32 through float", "int32", [1, 6]],
    ["float through double to int8, which it may not fit", "float", [11, 3]],
    ["int32 through uint32 to int64", "int32", [12, 7]],
  ])("%s stays", async (_, dtype, codes) => {
    await expectRefused(graphText(`${dtype}[3,5] x`, [], casts(...codes)), undefined, PASS);
  });
});
