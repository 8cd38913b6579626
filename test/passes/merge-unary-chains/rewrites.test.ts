import { describe, expect, it } from "vitest";
import { decodeNumbers } from "../../../src/ir/tensor.js";
import { expectKept, expectRefused, expectRewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,3,5] x";
const PASS = { passes: ["merge-unary-chains", "eliminate-dead"] };
const BOUNDS = ["float[1] one = {1}", "float a = {-1}", "float b = {0}", "float c = {2}", "float d = {6}"];

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
    ["Min in front of Clip", "r = Min (x, d) y = Clip (r, a, b)", ["y = Clip(x, a, b)"]],
    ["Min that bounds more", "r = Min (c, x) y = Clip (r, a, d)", ["y = Clip(x, y_min, y_max)"]],
    [
      "Max behind Clip, a bound of one element",
      "r = Clip (x, a, d) y = Max (one, r)",
      ["y = Clip(x, y_min, y_max)"],
    ],
    ["Min behind Relu", "r = Relu (x) y = Min (r, d)", ["y = Clip(x, y_min, y_max)"]],
    [
      "Max that bounds nothing more",
      "r = Clip (x, b, d) s = Max (r, a) y = Exp (s)",
      ["r = Clip(x, b, d)", "y = Exp(r)"],
    ],
    ["Min far below", "r = Clip (x, c, d) y = Min (r, a)", ["y = Clip(x, y_min, y_max)"]],
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

describe("a Min or Max that is no bound of a Clip", () => {
  it.each([
    ["of two values", "z = Exp (x) r = Min (x, z) y = Clip (r, a, d)"],
    ["of a number for each element of a row", "r = Min (x, row) y = Clip (r, a, d)"],
    ["that stretches its input", "r = Min (x, wide) y = Clip (r, a, d)"],
    ["of a NaN", "r = Min (x, nan) y = Clip (r, a, d)"],
    ["that something else reads", "r = Min (x, c) s = Clip (r, a, d) e = Exp (r) y = Mul (s, e)"],
  ])("%s", async (_, nodes) => {
    const more = ["float[5] row = {1,2,3,4,5}", "float[1,1,1,1] wide = {1}", "float nan = {nan}"];
    await expectKept(graphText(X, [...BOUNDS, ...more], nodes), undefined, PASS);
  });

  it("two of them, which the passes that move maps know better; of a type that Clip does not take", async () => {
    await expectKept(graphText(X, BOUNDS, "r = Min (x, d) y = Max (r, a)"), undefined, PASS);
    const doubles = ["double[1] c = {2}", "double[1] d = {6}"];
    await expectKept(graphText("double[N,3] x", doubles, "r = Relu (x) y = Min (r, d)"), undefined, {
      ...PASS,
      opset: 11,
    });
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

  it("two Negs between a graph input and a graph output", async () => {
    await expectRewrite(graphText(X, [], "a = Neg (x) y = Neg (a)"), ["y = Identity(x)"], PASS);
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

describe("Where behind Not", () => {
  const INPUTS = "bool[N,1] c, float[N,3] x, float[3] z, bool[N,3] p, int64[N,3] r, int64[3] q";

  it.each([
    ["one", "n = Not (c) y = Where (n, x, z)", "y", ["y = Where(c, z, x)"]],
    [
      "several of one Not",
      "n = Not (c) y = Where (n, x, z) w = Where (n, r, q)",
      "y, int64[N,3] w",
      ["y = Where(c, z, x)", "w = Where(c, q, r)"],
    ],
  ])("%s", async (_, nodes, outputs, after) => {
    await expectRewrite(graphText(INPUTS, [], nodes, outputs), after, PASS);
  });

  it("in a body, with the Not outside", async () => {
    await expectRewrite(
      `g (bool[4] c, bool b, float[4] x, float[4] z) => (float[4] y) {
        n = Not (c)
        y = If (b) <
          then_branch = t () => (float[4] t1) { t1 = Where (n, x, z) },
          else_branch = e () => (float[4] e1) { e1 = Where (n, z, x) }
        >
      }`,
      ["y = If(b)", "  t1 = Where(c, z, x)", "  e1 = Where(c, x, z)"],
      PASS,
    );
  });

  it.each([
    ["a Not that callers see", "n = Not (c) y = Where (n, x, z)", "y, bool[N,1] n"],
    ["a Not that others read", "n = Not (c) a = And (n, p) y = Where (n, x, z)", "y, bool[N,3] a"],
    ["a Not of an operand", "n = Not (p) y = Where (c, n, p)", "bool[N,3] y", false],
    ["a Not of condition and operand", "n = Not (p) y = Where (n, n, p)", "bool[N,3] y", false],
  ])("stays: %s", async (_, nodes, outputs, runnable = true) => {
    await expectRefused(graphText(INPUTS, [], nodes, outputs), undefined, { ...PASS, runnable });
  });
});

describe("Cast of a filled tensor", () => {
  const filled = (value: string, to: number): string =>
    `t = ConstantOfShape ${value} (s) y = Cast <to = ${to}> (t)`;
  const options = { ...PASS, shapes: { s: [2] } };

  it.each([
    ["a number that both types hold", "<value = float[1] {1.0}>", 7, "int64", 1],
    ["the default", "", 9, "bool", 0],
    ["a fraction", "<value = float[1] {-2.75}>", 6, "int32", -2],
    ["a number other than zero, which is true", "<value = int64[1] {-7}>", 9, "bool", 1],
    ["more digits than the type has", "<value = double[1] {0.1}>", 1, "float", Math.fround(0.1)],
  ])("%s", async (_, value, to, dtype, number) => {
    const { model } = await expectRewrite(
      graphText("int64[2] s", [], filled(value, to), `${dtype}[N,M] y`),
      ["y = ConstantOfShape(s)"],
      options,
    );
    const given = model.graph.first?.tensorAttribute("value");
    expect(given?.dtype).toBe(dtype);
    expect(given && decodeNumbers(given.dtype, given.bytes(), 1)[0]).toBe(number);
  });

  it.each([
    ["a number that the type does not hold", filled("<value = float[1] {300.0}>", 2), "uint8[N,M] y"],
    ["a negative number", filled("<value = int64[1] {-1}>", 13), "uint64[N,M] y"],
    [
      "an integer beyond what a double holds",
      filled("<value = int64[1] {9007199254740993}>", 11),
      "double[N,M] y",
    ],
    ["a tensor that others read", `${filled("", 7)} z = Neg (t)`, "int64[N,M] y, float[N,M] z"],
  ])("stays: %s", async (_, nodes, outputs) => {
    await expectRefused(graphText("int64[2] s", [], nodes, outputs), undefined, options);
  });
});
