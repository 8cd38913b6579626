import { describe, expect, it } from "vitest";
import { expectKept, expectRewrite } from "../support/rewrite.js";
import { constant, graphText } from "../support/text.js";

const X = "float[N,3,4,5] x";
const AXES = "int64[2] axes = {1, -1}";
const sum = (from: string, to: string): string => `${to} = ReduceSum <keepdims = 0> (${from}, axes)`;

describe("reductions that are spelled out", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    ReduceSumSquare: [`a = Mul (x, x) ${sum("a", "y")}`],
    ReduceL2: [
      `a = Mul (x, x) ${sum("a", "b")} y = Sqrt (b)`,
      "b = ReduceSumSquare <axes = [1, 3], keepdims = 0> (x) y = Sqrt (b)",
    ],
    ReduceL1: [`a = Abs (x) ${sum("a", "y")}`],
    ReduceLogSumExp: [`a = Exp (x) ${sum("a", "b")} y = Log (b)`],
    ReduceMean: [`${sum("x", "b")} y = Div (b, count)`, `${sum("x", "b")} y = Mul (part, b)`],
  };
  for (const [opType, spellings] of Object.entries(cases)) {
    it(`become one ${opType}, whether its axes are an attribute or an input`, async () => {
      for (const nodes of spellings) {
        const constants = nodes.includes("axes)") ? [AXES] : [];
        if (nodes.includes("count")) constants.push("float count = {15}");
        if (nodes.includes("part")) constants.push("float part = {0.06666667}");
        const text = graphText(X, constants, nodes);
        const old = await expectRewrite(text, [`y = ${opType}(x)`], { opset: 13 });
        expect(
          old.model.graph.first
            ?.ints("axes")
            ?.map((axis) => axis % 4)
            .map((axis) => (axis < 0 ? axis + 4 : axis)),
        ).toEqual([1, 3]);
        expect(old.model.graph.first?.int("keepdims")).toBe(0);
        if (nodes.includes("axes)")) {
          await expectRewrite(text, [`y = ${opType}(x, axes)`], { opset: 18 });
        }
      }
    });
  }

  it("a mean of a mean", async () => {
    for (const keepdims of [0, 1]) {
      const outcome = await expectRewrite(
        graphText(
          X,
          [],
          `a = ReduceMean <axes = [1], keepdims = ${keepdims}> (x) y = ReduceMean <axes = [-1], keepdims = ${keepdims}> (a)`,
        ),
        ["y = ReduceMean(x)"],
      );
      expect(outcome.model.graph.first?.ints("axes")).toEqual([1, 3]);
    }
    await expectKept(
      graphText(
        X,
        [],
        "a = ReduceMean <axes = [1], keepdims = 1> (x) y = ReduceMean <axes = [2], keepdims = 0> (a)",
      ),
    );
  });

  it("GlobalAveragePool, then the sizes of one dropped", async () => {
    const shape = "int64[2] shape = {-1, 3}";
    for (const [view, constants] of [
      ["y = Flatten (p)", []],
      ["y = Squeeze (p, spatial)", ["int64[2] spatial = {2, 3}"]],
      ["y = Reshape (p, shape)", [shape]],
    ] as const) {
      await expectRewrite(graphText(X, constants, `p = GlobalAveragePool (x) ${view}`), [
        "y = ReduceMean(x)",
      ]);
    }
    await expectKept(graphText(X, [], "p = GlobalAveragePool (x) y = Flatten <axis = 0> (p)"));
  });

  it("Softmax and LogSoftmax", async () => {
    const axis = "int64[1] axis = {1}";
    const stable =
      "m = ReduceMax <axes = [1]> (x) d = Sub (x, m) e = Exp (d) s = ReduceSum (e, axis) y = Div (e, s)";
    const outcome = await expectRewrite(graphText(X, [axis], stable), ["y = Softmax(x)"]);
    expect(outcome.model.graph.first?.int("axis")).toBe(1);
    await expectRewrite(graphText(X, [axis], "e = Exp (x) s = ReduceSum (e, axis) y = Div (e, s)"), [
      "y = Softmax(x)",
    ]);
    const log = await expectRewrite(graphText(X, [], "s = Softmax <axis = 2> (x) y = Log (s)"), [
      "y = LogSoftmax(x)",
    ]);
    expect(log.model.graph.first?.int("axis")).toBe(2);
    // The maximum over another axis is no part of it.
    const other = graphText(X, [axis], stable.replace("[1]", "[2]"));
    await expectRewrite(other, ["m = ReduceMax(x)", "d = Sub(x, m)", "y = Softmax(d)"]);
    await expectKept(graphText(X, [axis], stable), /it spells out Softmax, which opset 12/, {
      opset: 12,
      runnable: false,
    });
  });

  it("a sum divided by something else, or over sizes that are not known", async () => {
    await expectKept(graphText(X, [AXES, "float count = {14}"], `${sum("x", "b")} y = Div (b, count)`));
    await expectKept(
      graphText("float[N,M,4,5] x", [AXES, "float count = {15}"], `${sum("x", "b")} y = Div (b, count)`),
    );
    await expectKept(graphText(X, [AXES, constant("z", [1])], `a = Mul (x, z) ${sum("a", "y")}`));
  });
});

describe("a product with a reciprocal", () => {
  const inputs = "float[N,4] x, float[N,1] b";

  it.each([
    ["Reciprocal", "r = Reciprocal (b) y = Mul (x, r)"],
    ["a quotient", "r = Div (one, b) y = Mul (r, x)"],
  ])("is a Div: %s", async (_, nodes) => {
    await expectRewrite(graphText(inputs, ["float[1] one = {1}"], nodes), ["y = Div(x, b)"]);
  });

  it.each([
    ["that others read", "r = Reciprocal (b) p = Mul (x, r) q = Sub (r, b) y = Mul (p, q)"],
    ["of another numerator", "r = Div (two, b) y = Mul (r, x)"],
    ["that makes the result larger", "r = Div (cube, b) y = Mul (r, x)"],
  ])("stays: %s", async (_, nodes) => {
    await expectKept(graphText(inputs, ["float two = {2}", "float[1,1,1] cube = {1}"], nodes));
  });

  it("leaves a Sigmoid in it whole", async () => {
    const nodes = "a = Neg (b) e = Exp (a) p = Add (e, one) r = Div (one, p) y = Mul (x, r)";
    await expectRewrite(graphText(inputs, ["float one = {1}"], nodes), ["r = Sigmoid(b)", "y = Mul(x, r)"]);
  });
});
