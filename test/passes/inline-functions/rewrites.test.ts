import { describe, expect, it } from "vitest";
import { memorySource } from "../../../src/base/bytes.js";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { decodeModel } from "../../../src/proto/decode.js";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant } from "../../support/text.js";

const HEADER = `<ir_version: 10, opset_import: ["" : 17, "f" : 1]>`;
const X = "float[N,3] x";
const OPTIONS = { passes: ["inline-functions"], inlineFunctions: true };

function fn(body: string, imports = `"" : 17, "f" : 1`, more = ""): string {
  return `<domain: "f", opset_import: [${imports}]${more}> ${body}`;
}

const model = (graph: string, ...functions: readonly string[]): string =>
  `${HEADER} ${graph} ${functions.join("\n")}`;

describe("inline-functions", () => {
  it("leaves functions alone unless asked", async () => {
    const text = model(`g (${X}) => (y) { y = f.L (x) }`, fn("L (a) => (b) { b = Relu (a) }"));
    await expectRefused(text, undefined, { passes: ["inline-functions"] });
  });

  it("two calls of one function, whose names are told apart, and the function goes", async () => {
    const outcome = await expectRewrite(
      model(
        `g (${X}) => (y) { c = f.L (x) y = f.L (c) }`,
        fn(
          `L (a) => (b) { W = Constant <value = ${constant("w", [3, 3])}> () t = MatMul (a, W) b = Relu (t) }`,
        ),
      ),
      [
        "W = Constant()",
        "t = MatMul(x, W)",
        "c = Relu(t)",
        "W_1 = Constant()",
        "t_1 = MatMul(c, W_1)",
        "y = Relu(t_1)",
      ],
      OPTIONS,
    );
    expect(outcome.model.functions).toEqual([]);
  });

  it("attributes: the call's, the default, or none", async () => {
    const { model: result } = await expectRewrite(
      model(
        `g (${X}) => (y, z) { y = f.L <slope = 0.5, axis = 1> (x) z = f.L (x) }`,
        fn(`L <axis, slope: float = 0.25> (a) => (b) {
          c = LeakyRelu <alpha: float = @slope> (a)
          b = LogSoftmax <axis: int = @axis> (c) }`),
      ),
      ["c = LeakyRelu(x)", "y = LogSoftmax(c)", "c_1 = LeakyRelu(x)", "z = LogSoftmax(c_1)"],
      OPTIONS,
    );
    const [first, soft, second, bare] = [...result.graph.nodes()];
    expect([first?.float("alpha"), second?.float("alpha")]).toEqual([0.5, 0.25]);
    // The default of the opset, which other readers take to be another.
    expect([soft?.int("axis"), bare?.int("axis")]).toEqual([1, -1]);
  });

  it("calls in functions, with attributes handed on", async () => {
    const { model: result } = await expectRewrite(
      model(
        `g (${X}) => (y) { y = f.Outer <s = 0.5> (x) }`,
        fn(
          "Outer <s> (a) => (b) { c = f.Inner <slope: float = @s> (a) d = Neg (c) b = f.Inner <slope = 0.75> (d) }",
        ),
        fn("Inner <slope> (a) => (b) { b = LeakyRelu <alpha: float = @slope> (a) }"),
      ),
      ["c = LeakyRelu(x)", "d = Neg(c)", "y = LeakyRelu(d)"],
      OPTIONS,
    );
    expect([...result.graph.nodes()].map((node) => node.float("alpha"))).toEqual([0.5, undefined, 0.75]);
  });

  it("skipped inputs and outputs", async () => {
    const { model: result } = await expectRewrite(
      model(
        `g (${X}) => (y) <float low = {-0.5}, float high = {0.5}> {
           c, "" = f.L (x, low) d, e = f.L (c, "", high) g, h = f.L (d) y = Add (g, e) }`,
        fn("L (a, low, high) => (b, n) { b = Clip (a, low, high) n = Neg (b) }"),
      ),
      [
        "c = Clip(x, low)",
        "n = Neg(c)",
        'd = Clip(c, "", high)',
        "e = Neg(d)",
        "g = Clip(d)",
        "n_2 = Neg(g)",
        "y = Add(g, e)",
      ],
      OPTIONS,
    );
    expect(result.functions).toEqual([]);
  });

  it("an output that is an input, and one output under two names", async () => {
    await expectRewrite(
      model(
        `g (${X}) => (y, z, w) { c, y, z = f.L (x) w = Abs (c) }`,
        fn("L (a) => (a, b, b) { b = Exp (a) }"),
      ),
      ["y = Exp(x)", "z = Identity(y)", "w = Abs(x)"],
      { ...OPTIONS, runnable: "maybe" },
    );
  });

  it("calls in the branches of an If, and an If in the function whose names clash with the caller's", async () => {
    await expectRewrite(
      model(
        `g (${X}, bool p) => (y) {
           t = Abs (x)
           y = If (p) <then_branch = g () => (u) { u = f.L <s = 0.5> (t, p) }, else_branch = h () => (v) { v = Neg (t) }> }`,
        fn(`L <s> (a, q) => (b) {
          e = Exp (a)
          b = If (q) <then_branch = g () => (u) { t = Sin (e) u = LeakyRelu <alpha: float = @s> (t) },
                      else_branch = h () => (v) { v = Neg (a) }> }`),
      ),
      [
        "t = Abs(x)",
        "y = If(p)",
        "  e = Exp(t)",
        "  u = If(p)",
        "    t_1 = Sin(e)",
        "    u_1 = LeakyRelu(t_1)",
        "    v_1 = Neg(t)",
        "  v = Neg(t)",
      ],
      OPTIONS,
    );
  });

  it("overloads are told apart", async () => {
    await expectRewrite(
      model(
        `g (${X}) => (y) { c = f.L:one (x) y = f.L:two (c) }`,
        fn("L (a) => (b) { b = Exp (a) }", undefined, `, overload: "one"`),
        fn("L (a) => (b) { b = Neg (a) }", undefined, `, overload: "two"`),
      ),
      ["c = Exp(x)", "y = Neg(c)"],
      { ...OPTIONS, runnable: "maybe" },
    );
  });

  it("a function of another operator set stays, and the call in it too", async () => {
    await expectRefused(
      model(
        `g (${X}) => (y) { y = f.L (x) }`,
        fn("L (a) => (b) { c = Relu (a) b = f.M (c) }", `"" : 16, "f" : 1`),
        fn("M (a) => (b) { b = Neg (a) }"),
      ),
      "function-version-differs",
      OPTIONS,
    );
  });

  it("in a function that stays, a call of its own operator set goes", async () => {
    await expectRewrite(
      model(
        `g (${X}) => (y) { y = f.L (x) }`,
        fn("L (a) => (b) { c = Relu (a) b = f.M (c) }", `"" : 16, "f" : 1`),
        fn("M (a) => (b) { b = Neg (a) }", `"" : 16`),
      ),
      ["y = L(x)", "L: c = Relu(a)", "L: b = Neg(c)"],
      OPTIONS,
    );
  });

  it("an operator set that only the function imports becomes the model's", async () => {
    const { model: result } = await rewrite(
      modelOf(
        `<ir_version: 10, opset_import: ["f" : 1]> g (${X}) => (y) { y = f.L (x) } ${fn("L (a) => (b) { b = Neg (a) }")}`,
      ),
      { ...OPTIONS, runnable: "maybe" },
    );
    expect(result.opset("")).toBe(17);
  });

  it("a function that calls itself, and one that hands out an input the call skips, stay", async () => {
    await expectRefused(
      model(
        `g (${X}) => (y) { y = f.L (x) }`,
        fn("L (a) => (b) { c = Relu (a) b = f.M (c) }"),
        fn("M (a) => (b) { b = f.L (a) }"),
      ),
      "function-calls-itself",
      { ...OPTIONS, runnable: "maybe" },
    );
    await expectRefused(
      model(`g (${X}) => (y) { c, d = f.L (x) y = Abs (c) }`, fn("L (a, q) => (b, q) { b = Exp (a) }")),
      "skipped-input-is-output",
      { ...OPTIONS, runnable: "maybe" },
    );
  });

  it("calls that double fourteen times over stay", async () => {
    const levels = Array.from({ length: 14 }, (_, i) =>
      fn(`L${i} (a) => (b) { c = f.L${i + 1} (a) b = f.L${i + 1} (c) }`),
    );
    const text = model(`g (${X}) => (y) { y = f.L0 (x) }`, ...levels, fn("L14 (a) => (b) { b = Neg (a) }"));
    const { rewrites, refusals } = await rewriteModel(modelOf(text), OPTIONS);
    expect(rewrites.length).toBeLessThan(60_000);
    expect(refusals.map(({ id }) => id)).toContain("function-is-too-large");
  });

  it("a chain of five thousand functions becomes one node", async () => {
    const chain = Array.from({ length: 5000 }, (_, i) =>
      fn(`L${i} (a) => (b) { b = ${i === 4999 ? "Neg" : `f.L${i + 1}`} (a) }`),
    );
    const text = model(`g (${X}) => (y) { y = f.L0 (x) }`, ...chain);
    const { model: result } = await rewriteModel(modelOf(text), OPTIONS);
    expect([...result.nodes()].map(({ opType }) => opType)).toEqual(["Neg"]);
    expect(result.functions).toEqual([]);
  });

  it("bodies that would be nested deeper than files may hold stay in functions", async () => {
    const branch = (call: string): string =>
      `c = Constant <value_int: int = 1> () d = Cast <to = 9> (c) e = Identity (d)
       b = If (e) <then_branch = t () => (p) { p = ${call} (a) }, else_branch = e () => (q) { q = Neg (a) }>`;
    const levels = (count: number): string[] =>
      Array.from({ length: count }, (_, i) =>
        fn(`L${i} (a) => (b) { ${branch(i === count - 1 ? "Abs" : `f.L${i + 1}`)} }`),
      );
    const run = async (count: number): Promise<string[]> => {
      const text = model(`g (${X}) => (y) { y = f.L0 (x) }`, ...levels(count));
      const result = await rewriteModel(modelOf(text), { ...OPTIONS, passes: ["inline-functions"] });
      // What is written can be read.
      decodeModel(memorySource(encodeToBytes(result.model)));
      return result.refusals.map(({ id }) => id);
    };
    expect(await run(30)).toEqual([]);
    expect(await run(2000)).toContain("inlining-nests-too-deep");
  });

  it("all calls stay where they would come to more than a million nodes", async () => {
    const body = Array.from({ length: 2000 }, (_, i) => `v${i + 1} = Neg (${i === 0 ? "a" : `v${i}`})`).join(
      " ",
    );
    const large = fn(`L (a) => (b) { ${body} b = Abs (v2000) }`);
    const calls = (count: number): string =>
      Array.from({ length: count }, (_, i) => `z${i} = f.L (x)`).join(" ");
    const { rewrites, refusals } = await rewriteModel(
      modelOf(model(`g (${X}) => (y) { ${calls(600)} y = Sum (z0, z599) }`, large)),
      { ...OPTIONS, passes: ["inline-functions"] },
    );
    expect(rewrites).toEqual([]);
    expect(new Set(refusals.map(({ id }) => id))).toEqual(new Set(["inlining-makes-too-many-nodes"]));
  });

  it.each([
    ["a call with more inputs than the function has", "y = f.L (x, x)", "call-has-too-many-arguments"],
    ["a call with more outputs", "y, z = f.L (x)", "call-has-too-many-arguments"],
    [
      "a call that gives a body",
      "y = f.L <body = b () => (c) { c = Neg (x) }> (x)",
      "call-has-graph-attribute",
    ],
  ])("%s is left alone", async (_, call, id) => {
    const text = model(`g (${X}) => (y) { ${call} }`, fn("L (a) => (b) { b = Relu (a) }"));
    await expectRefused(text, id, { ...OPTIONS, runnable: "maybe" });
  });
});
