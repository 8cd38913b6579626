import { describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.js";
import { tensorFromNumbers } from "../../../src/ir/tensor.js";
import { rewriteModel } from "../../../src/library/rewrite-model.js";
import { expectRefused, expectRewrite, modelOf, rewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const X = "float[2,3,5,7] x";

describe("merge-common-subexpressions", () => {
  it("one node replaces two equal ones, and the same holds for the nodes behind them", async () => {
    await expectRewrite(graphText(X, [], "a = Exp (x) b = Exp (x) c = Neg (a) d = Neg (b) y = Mul (c, d)"), [
      "a = Exp(x)",
      "c = Neg(a)",
      "y = Mul(c, c)",
    ]);
  });

  it.each([
    ["a sum", "float[2,3] x, float[2,3] z", "a = Add (x, z) b = Add (z, x) y = Mul (a, b)", "Add(x, z)"],
    ["a product", "float[2,3] x, float[2,3] z", "a = Mul (x, z) b = Mul (z, x) y = Add (a, b)", "Mul(x, z)"],
    [
      "a comparison",
      "float[2,3] x, float[2,3] z",
      "a = Equal (x, z) b = Equal (z, x) y = And (a, b)",
      "Equal(x, z)",
    ],
    [
      "whole numbers",
      "int64[2,3] x, int64[2,3] z",
      "a = Max (x, z) b = Max (z, x) y = Mod (a, b)",
      "Max(x, z)",
    ],
  ])("the operands of %s are in any order", async (_, inputs, nodes, kept) => {
    const { ops } = await rewrite(graphText(inputs, [], nodes), { passes: ["merge-common-subexpressions"] });
    expect(ops[0]).toBe(`a = ${kept}`);
    expect(ops).toHaveLength(2);
  });

  it.each([
    ["a difference", "float[2,3] x, float[2,3] z", "a = Sub (x, z) b = Sub (z, x) y = Mul (a, b)"],
    [
      "the greater of two floats",
      "float[2,3] x, float[2,3] z",
      "a = Max (x, z) b = Max (z, x) y = Mul (a, b)",
    ],
    [
      "a product of matrices",
      "float[3,3] x, float[3,3] z",
      "a = MatMul (x, z) b = MatMul (z, x) y = Mul (a, b)",
    ],
  ])("those of %s are not", async (_, inputs, nodes) => {
    await expectRefused(graphText(inputs, [], nodes), undefined, { passes: ["merge-common-subexpressions"] });
  });

  it("an axis is the same from the end", async () => {
    await expectRewrite(
      graphText(
        "float[2,3] x, float[2,3] z",
        [],
        "a = Concat <axis = 1> (x, z) b = Concat <axis = -1> (x, z) c = Concat <axis = -2> (x, x) d = Concat <axis = 1> (x, x) e = Mul (a, b) r = ReduceSum <keepdims = 1> (c) s = ReduceSum <keepdims = 1> (d) f = Mul (r, s) y = Mul (e, f)",
      ),
      [
        "a = Concat(x, z)",
        "c = Concat(x, x)",
        "d = Concat(x, x)",
        "e = Mul(a, a)",
        "r = ReduceSum(c)",
        "s = ReduceSum(d)",
        "f = Mul(r, s)",
        "y = Mul(e, f)",
      ],
      { passes: ["merge-common-subexpressions"] },
    );
  });

  it("Convs of equal weights under two names, their Relus with them", async () => {
    const weight = constant("w", [4, 3, 3, 3]);
    const twin = weight.replace("] w =", "] v =");
    await expectRewrite(
      graphText(
        X,
        [weight, twin],
        "a = Conv (x, w) b = Conv (x, v) c = Relu (a) d = Relu (b) y = Mul (c, d)",
      ),
      ["a = Conv(x, w)", "c = Relu(a)", "y = Mul(c, c)"],
    );
  });

  it("Convs of weights that differ in one element stay two", async () => {
    const weight = constant("w", [4, 3, 3, 3]);
    const other = weight.replace("] w =", "] v =").replace(/, [-\d.]+\}/, ", 0.125}");
    await expectRefused(graphText(X, [weight, other], "a = Conv (x, w) b = Conv (x, v) y = Mul (a, b)"));
  });

  it("nodes of other attributes stay two", async () => {
    await expectRefused(
      graphText(X, [], "a = LeakyRelu <alpha = 0.1> (x) b = LeakyRelu <alpha = 0.2> (x) y = Mul (a, b)"),
    );
  });

  it.each([
    ["a number", "a = LeakyRelu <alpha = 0.01> (x) b = LeakyRelu (x)", 17],
    ["an axis", "a = Softmax (x) b = Softmax <axis = -1> (x)", 13],
    ["a word", 'a = DepthToSpace <blocksize = 1> (x) b = DepthToSpace <blocksize = 1, mode = "DCR"> (x)', 17],
    ["an order of axes", "a = Transpose (x) b = Transpose <perm = [3, 2, 1, 0]> (x)", 17],
    [
      "steps and borders",
      `a = MaxPool <kernel_shape = [2, 2]> (x)
       b = MaxPool <kernel_shape = [2, 2], strides = [1, 1], pads = [0, 0, 0, 0], auto_pad = "NOTSET"> (x)`,
      17,
    ],
    ["an input that is left out at the end", "a = Clip (x, low) b = Clip (x, low, )", 17],
  ])("a default that is spelled out hides no twin: %s", async (_, nodes, opset) => {
    const { ops } = await rewrite(graphText(X, ["float low = {-0.5}"], `${nodes} y = Mul (a, b)`), {
      opset,
      passes: ["merge-common-subexpressions"],
    });
    expect(ops).toHaveLength(2);
  });

  it.each([
    ["the default is another in this opset", "a = Softmax (x) b = Softmax <axis = -1> (x)", 12],
    ["another order", "a = Transpose (x) b = Transpose <perm = [3, 2, 0, 1]> (x)", 17],
    ["another number", "a = Elu (x) b = Elu <alpha = 0.5> (x)", 17],
    [
      "a step of two",
      "a = MaxPool <kernel_shape = [1, 1]> (x) b = MaxPool <kernel_shape = [1, 1], strides = [2, 2]> (x)",
      17,
    ],
  ])("what is no default stays: %s", async (_, nodes, opset) => {
    const { ops } = await rewrite(graphText(X, [], `${nodes} c = Flatten (a) d = Flatten (b)`, "c, d"), {
      opset,
      passes: ["merge-common-subexpressions"],
    });
    expect(ops).toHaveLength(4);
  });

  it("a function of an operator's name has defaults of its own", async () => {
    const text = `<ir_version: 10, opset_import: ["" : 21, "own" : 1]>
      g (float[2,3] x) => (float[2,3] a, float[2,3] b) {
        a = own.Elu (x)
        b = own.Elu <alpha = 1.0> (x)
      }
      <domain: "own", opset_import: ["" : 21]>
      Elu <alpha: float = 0.5> (v) => (w) { w = Elu <alpha: float = @alpha> (v) }`;
    const { ops } = await rewrite(modelOf(text), { passes: ["merge-common-subexpressions"] });
    expect(ops.filter((line) => line.includes("Elu("))).toHaveLength(3);
  });

  it("operands in another order stay two", async () => {
    await expectRefused(
      graphText(`${X}, float[2,3,5,7] z`, [], "a = Sub (x, z) b = Sub (z, x) y = Mul (a, b)"),
    );
  });

  it("random twins stay two", async () => {
    const outcome = await rewrite(
      graphText(
        X,
        [],
        "a = RandomNormalLike <seed = 1.0> (x) b = RandomNormalLike <seed = 1.0> (x) y = Sub (a, b)",
      ),
    );
    expect(outcome.ops).toHaveLength(3);
  });

  it("two graph outputs keep their names: one is an Identity of the other", async () => {
    await expectRewrite(graphText(X, [], "y = Exp (x) z = Exp (x) a = Neg (z)", "y, z, a"), [
      "y = Exp(x)",
      "z = Identity(y)",
      "a = Neg(y)",
    ]);
    await expectRefused(
      graphText(X, [], "y = Identity (x) z = Identity (x)", "y, z"),
      "repetition-has-output-name",
    );
  });

  it("of several outputs one may have a name that callers see", async () => {
    const top = "int64[1] two = {2}";
    const both = (outputs: string): string =>
      graphText(X, [top], "y, i = TopK (x, two) z, j = TopK (x, two) a = Neg (j) b = Neg (i)", outputs);
    await expectRewrite(both("y, z, a, b"), [
      "y, i = TopK(x, two)",
      "z = Identity(y)",
      "a = Neg(i)",
      "b = Identity(a)",
    ]);
    await expectRefused(both("y, z, i, j"), "repetition-has-output-name", {
      passes: ["merge-common-subexpressions"],
    });
  });

  it("a graph output and an inner value are one, under the output's name", async () => {
    await expectRewrite(graphText(X, [], "a = Exp (x) z = Exp (x) y = Neg (a)", "y, z"), [
      "z = Exp(x)",
      "y = Neg(z)",
    ]);
  });

  it("different BatchNormalizations behind equal Convs are folded first", async () => {
    const { model } = await rewrite(
      graphText(
        X,
        [constant("w", [4, 3, 1, 1]), constant("k", [4, 1, 1]), constant("l", [4, 1, 1])],
        "a = Conv (x, w) b = Conv (x, w) c = Mul (a, k) d = Mul (b, l) e = Exp (c) f = Abs (d) y = Mul (e, f)",
      ),
    );
    expect([...model.graph.nodes()].map((node) => node.opType).sort()).toEqual([
      "Abs",
      "Conv",
      "Conv",
      "Exp",
      "Mul",
    ]);
  });

  it("a node of a body uses an equal node around it, and so does a body inside of it", async () => {
    await expectRewrite(
      graphText(
        `${X}, bool p`,
        [],
        `e = Exp (x) z = Neg (e)
         y = If (p) <
           then_branch = t () => (u) { a = Exp (x) u = Abs (a) },
           else_branch = f () => (v) {
             s = Exp (x)
             v = If (p) <then_branch = g () => (i) { c = Exp (x) i = Sin (c) },
                         else_branch = h () => (j) { j = Cos (s) }> }>`,
        "y, z",
      ),
      [
        "e = Exp(x)",
        "z = Neg(e)",
        "y = If(p)",
        "  u = Abs(e)",
        "  v = If(p)",
        "    i = Sin(e)",
        "    j = Cos(e)",
      ],
    );
  });

  it("a node of a body, or one behind the body, is not used around it or in the other branch", async () => {
    await expectRefused(
      graphText(
        `${X}, bool p`,
        [],
        `y = If (p) <
           then_branch = t () => (u) { a = Exp (x) u = Abs (a) },
           else_branch = f () => (v) { b = Exp (x) v = Neg (b) }>
         c = Exp (x) z = Sin (c)`,
        "y, z",
      ),
    );
  });

  it("an output of a body is an Identity of what is computed around it", async () => {
    const text = (operator: string): string =>
      graphText(
        `${X}, bool p`,
        [],
        `y0 = ${operator} (x) z = Neg (y0)
         y = If (p) <then_branch = t () => (u) { u = ${operator} (x) }, else_branch = f () => (v) { v = Cos (x) }>`,
        "y0, y, z",
      );
    await expectRewrite(text("Exp"), [
      "y0 = Exp(x)",
      "z = Neg(y0)",
      "y = If(p)",
      "  u = Identity(y0)",
      "  v = Cos(x)",
    ]);
    await expectRefused(text("Identity"), "repetition-is-body-output", {
      passes: ["merge-common-subexpressions"],
    });
  });

  it("a random node in a body stays", async () => {
    const outcome = await rewrite(
      graphText(
        `${X}, bool p`,
        [],
        `r = RandomNormalLike <seed = 1.0> (x) z = Shape (r)
         y = If (p) <then_branch = t () => (u) { a = RandomNormalLike <seed = 1.0> (x) u = Shape (a) },
                     else_branch = f () => (v) { v = Shape (x) }>`,
        "y, z",
      ),
      { passes: ["merge-common-subexpressions"] },
    );
    expect(outcome.rewrites).toEqual([]);
  });

  it("twenty thousand branches of one input with weights of their own, in time that grows with their number", async () => {
    const millis = async (count: number): Promise<number> => {
      const model = modelOf(graphText("float[2] x", [], "y = Exp (x)"));
      const [x] = model.graph.inputs;
      if (x === undefined) throw new Error("no input");
      for (let i = 0; i < count; i++) {
        const weight = model.graph.addInitializer(`w${i}`, tensorFromNumbers("float", [2], [i, 1]));
        const node = model.graph.addNode({ opType: "Add", inputs: [x, weight], outputs: [`b${i}`] });
        model.graph.addOutput(present(node.output(0), "an output"));
      }
      const start = performance.now();
      const { rewrites } = await rewriteModel(model, { passes: ["merge-common-subexpressions"] });
      expect(rewrites).toEqual([]);
      return performance.now() - start;
    };
    await millis(2000);
    // Ten times as many: quadratic work would take a hundred times as long.
    expect(await millis(20_000)).toBeLessThan(40 * (await millis(2000)) + 200);
  });
});
