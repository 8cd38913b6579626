import { describe, expect, it } from "vitest";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText, sketch } from "../../support/text.js";

const X = "float[N,3,4] x";
const PASS = { passes: ["inline-control-flow"] };
const YES = "bool yes = {1}";
const NO = "bool no = {0}";

function either(condition: string, then: string, otherwise: string, outputs = "y"): string {
  return `${outputs} = If (${condition}) <then_branch = ${then}, else_branch = ${otherwise}>`;
}

describe("If with a known condition", () => {
  const then = "t () => (u) { a = Exp (x) u = Neg (a) }";
  const otherwise = `e () => (v) <${constant("k", [4])}> { b = Mul (x, k) v = Cos (b) }`;

  it("becomes its then branch, whose inner names stay", async () => {
    await expectRewrite(
      graphText(X, [YES], `${either("yes", then, otherwise)}`),
      ["a = Exp(x)", "y = Neg(a)"],
      PASS,
    );
  });

  it("becomes its else branch with the weights in it", async () => {
    const { model } = await expectRewrite(
      graphText(X, [NO], `${either("no", then, otherwise, "c")} y = Abs (c)`),
      ["b = Mul(x, k)", "c = Cos(b)", "y = Abs(c)"],
      PASS,
    );
    expect([...model.graph.initializers].map(({ name }) => name)).toEqual(["no", "k"]);
  });

  it("a condition that follows from the shapes", async () => {
    await expectRewrite(
      graphText(
        X,
        ["int64 four = {4}", "int64 last = {2}"],
        `s = Shape (x) w = Gather (s, last) q = Equal (w, four) ${either("q", then, otherwise)}`,
      ),
      ["s = Shape(x)", "w = Gather(s, last)", "q = Equal(w, four)", "a = Exp(x)", "y = Neg(a)"],
      PASS,
    );
  });

  it("an If in an If, and names that others have too", async () => {
    const inner = either("no", "g () => (i) { i = Sin (x) }", "h () => (j) { a = Cos (x) j = Abs (a) }", "u");
    await expectRewrite(
      graphText(
        `${X}, bool p`,
        [YES, NO],
        `${either("yes", `t () => (u) { ${inner} }`, "e () => (v) { v = Abs (x) }", "d")}
         ${either("p", "t () => (u) { a = Exp (d) u = Neg (a) }", "e () => (v) { v = Neg (d) }")}`,
      ),
      ["a_1 = Cos(x)", "d = Abs(a_1)", "y = If(p)", "  a = Exp(d)", "  u = Neg(a)", "  v = Neg(d)"],
      PASS,
    );
  });

  it("a body inside of the branch comes along with its captures", async () => {
    const inner = either(
      "p",
      "g () => (i) { i = Sin (a) }",
      "h () => (j) { c = Cos (x) j = Add (c, a) }",
      "u",
    );
    await expectRewrite(
      graphText(
        `${X}, bool p`,
        [YES],
        either("yes", `t () => (u) { a = Exp (x) ${inner} }`, "e () => (v) { v = Abs (x) }"),
      ),
      ["a = Exp(x)", "y = If(p)", "  i = Sin(a)", "  c = Cos(x)", "  j = Add(c, a)"],
      PASS,
    );
  });

  it("a branch that hands out a weight", async () => {
    await expectRewrite(
      graphText(
        X,
        [YES],
        either(
          "yes",
          `t () => (u, k) <${constant("k", [2])}> { u = Exp (x) }`,
          "e () => (a, b) { a = Neg (x) b = Constant <value_floats = [1.0]> () }",
          "y, z",
        ),
        "y, z",
      ),
      ["y = Exp(x)"],
      PASS,
    );
  });

  it("a branch that gives one value twice, which crashes onnxruntime before", async () => {
    const model = modelOf(
      graphText(
        X,
        [YES],
        either("yes", "t () => (u, u) { u = Exp (x) }", "e () => (a, b) { a = Neg (x) b = Abs (x) }", "y, z"),
        "y, z",
      ),
    );
    const result = await rewriteModel(model, { ...PASS, verifyEach: true });
    expect(sketch(result.model)).toEqual(["y = Exp(x)", "z = Identity(y)"]);
  });

  it("nodes of one name get two", async () => {
    const { model } = await rewrite(
      graphText(
        X,
        [YES],
        `["n"] d = Abs (x) ${either("yes", 't () => (u) { ["n"] u = Exp (d) }', 'e () => (v) { ["n"] v = Neg (d) }')}`,
      ),
      PASS,
    );
    expect([...model.graph.nodes()].map(({ name }) => name)).toEqual(["n", "n_1"]);
  });

  it("sequences", async () => {
    await expectRewrite(
      graphText(
        X,
        [YES, "int64 zero = {0}"],
        `${either("yes", "t () => (u) { u = SequenceConstruct (x, x) }", "e () => (v) { v = SequenceConstruct (x) }", "s")}
         y = SequenceAt (s, zero)`,
      ),
      ["s = SequenceConstruct(x, x)", "y = SequenceAt(s, zero)"],
      PASS,
    );
  });

  it("a condition that a caller gives or may override stays", async () => {
    await expectRefused(graphText(`${X}, bool p`, [], either("p", then, otherwise)), undefined, PASS);
    await expectRefused(graphText(`${X}, bool yes`, [YES], either("yes", then, otherwise)), undefined, PASS);
  });

  it("a value of the branch that is named outside stays where it is", async () => {
    const model = modelOf(graphText(X, [YES], either("yes", then, otherwise)));
    for (const node of model.nodes()) {
      if (node.opType === "Exp") node.output(0)?.addUse({ kind: "pin", reason: "training" });
    }
    const { refusalText, ops } = await rewrite(model, PASS);
    expect(refusalText).toMatch("body-value-is-pinned");
    expect(ops).toHaveLength(5);
  });
});

describe("If with equal branches", () => {
  const branch = (name: string, k: string): string =>
    `${name} () => (o${name}) <float[4] k${name} = {${k}}> { m${name} = Mul (x, k${name}) o${name} = LeakyRelu <alpha = 0.2> (m${name}) }`;

  it("one of them stays", async () => {
    await expectRewrite(
      graphText(`${X}, bool p`, [], either("p", branch("t", "1, 2, 3, 4"), branch("e", "1, 2, 3, 4"))),
      ["mt = Mul(x, kt)", "y = LeakyRelu(mt)"],
      PASS,
    );
  });

  it("not where a weight, an attribute or an input differs", async () => {
    const kept = (then: string, otherwise: string): Promise<unknown> =>
      expectRefused(
        graphText(`${X}, float[N,3,4] z, bool p`, [], either("p", then, otherwise)),
        undefined,
        PASS,
      );
    await kept(branch("t", "1, 2, 3, 4"), branch("e", "1, 2, 3, 5"));
    await kept(branch("t", "1, 2, 3, 4"), branch("e", "1, 2, 3, 4").replace("0.2", "0.3"));
    await kept(branch("t", "1, 2, 3, 4"), branch("e", "1, 2, 3, 4").replace("(x", "(z"));
  });
});

describe("Loop", () => {
  const trips = (count: number): string => `int64 trips = {${count}}`;
  const GO = "bool go = {1}";
  const body = `b (int64 i, bool c, float[N,3,4] s) => (c, r, o) {
    f = Cast <to = 1> (i) a = Add (s, f) r = Exp (a) o = Neg (r) }`;

  it("one iteration is its body, and its scan outputs are lists of one element", async () => {
    const { model } = await expectRewrite(
      graphText(X, [trips(1), GO], `y, z = Loop (trips, go, x) <body = ${body}>`, "y, z"),
      ["f = Cast(i_1)", "a = Add(x, f)", "y = Exp(a)", "o = Neg(y)", "z = Unsqueeze(o, constant)"],
      PASS,
    );
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
  });

  it("the same before Unsqueeze took its axes as an input", async () => {
    await expectRewrite(
      graphText(X, [trips(1), GO], `y, z = Loop (trips, go, x) <body = ${body}>`, "y, z"),
      ["f = Cast(i_1)", "a = Add(x, f)", "y = Exp(a)", "o = Neg(y)", "z = Unsqueeze(o)"],
      { ...PASS, opset: 11 },
    );
  });

  it("without a limit and with a body that says stop", async () => {
    await expectRewrite(
      graphText(
        X,
        [GO],
        `y = Loop ("", go, x) <body = b (int64 i, bool c, float[N,3,4] s) => (n, r) <bool n = {0}> { r = Exp (s) }>`,
      ),
      ["y = Exp(x)"],
      { ...PASS, runnable: "maybe" },
    );
  });

  it.each([
    ["none", "int64 trips = {0}", "bool go = {1}"],
    ["a condition that is false", "int64 trips = {3}", "bool go = {0}"],
  ])("no iteration, by %s, gives the initial values", async (_, limit, go) => {
    await expectRewrite(
      graphText(X, [limit, go], `d = Abs (x) e, z = Loop (trips, go, d) <body = ${body}> y = Sin (e)`),
      ["d = Abs(x)", "y = Sin(d)"],
      PASS,
    );
  });

  it("no iteration whose result is a graph output, or a graph input that callers see", async () => {
    await expectRewrite(
      graphText(X, [trips(0), GO], `y, z = Loop (trips, go, x) <body = ${body}>`),
      ["y = Identity(x)"],
      PASS,
    );
  });

  it("a Loop without iterations that collects outputs stays", async () => {
    await expectRefused(
      graphText(X, [trips(0), GO], `y, z = Loop (trips, go, x) <body = ${body}>`, "y, z"),
      "collected-list-has-no-shape",
      PASS,
    );
  });

  it("two iterations, or as many as a caller says, stay", async () => {
    const nodes = `y, z = Loop (trips, go, x) <body = ${body}>`;
    await expectRefused(graphText(X, [trips(2), GO], nodes, "y, z"), undefined, PASS);
    await expectRefused(graphText(`${X}, int64 trips`, [GO], nodes, "y, z"), undefined, PASS);
    await expectRefused(graphText(`${X}, bool go`, [trips(1)], nodes, "y, z"), undefined, PASS);
  });
});
