import { describe, expect, it } from "vitest";
import { decodeNumbers } from "../../../src/ir/tensor.js";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const PASS = { passes: ["merge-view-chains", "eliminate-dead"] };
const ints = (name: string, ...values: readonly number[]): string =>
  `int64[${values.length}] ${name} = {${values.join(", ")}}`;

describe("merge-view-chains", () => {
  it.each([
    [
      "Reshape Reshape",
      "float[2,3,4,5] x",
      [ints("t", 6, 20), ints("u", 4, -1, 5)],
      "a = Reshape (x, t) y = Reshape (a, u)",
      ["y = Reshape(x, u)"],
    ],
    [
      "a 0 that means the same",
      "float[N,3,4,5] x",
      [ints("t", 0, 12, 5), ints("u", 0, 5, 12)],
      "a = Reshape (x, t) y = Reshape (a, u)",
      ["y = Reshape(x, u)"],
    ],
    [
      "a 0 that means another size",
      "float[2,3,4,5] x",
      [ints("t", 6, 20), ints("u", 0, 5, 4)],
      "a = Reshape (x, t) y = Reshape (a, u)",
      ["y = Reshape(x, y_shape)"],
    ],
    [
      "Unsqueeze Squeeze",
      "float[N,3,4] x",
      [ints("t", 1)],
      "r = Exp (x) a = Unsqueeze (r, t) b = Squeeze (a, t) y = Neg (b)",
      ["r = Exp(x)", "y = Neg(r)"],
    ],
    [
      "Unsqueeze Unsqueeze",
      "float[3,4] x",
      [ints("t", 1), ints("u", 0)],
      "a = Unsqueeze (x, t) y = Unsqueeze (a, u)",
      ["y = Reshape(x, y_shape)"],
    ],
    [
      "Squeeze Flatten of a dynamic size",
      "float[N,3,1,4] x",
      [ints("t", 2)],
      "a = Squeeze (x, t) y = Flatten (a)",
      ["y = Reshape(x, y_shape)"],
    ],
    [
      "Reshape there and back",
      "float[N,3,4] x",
      [ints("t", -1, 12), ints("u", -1, 3, 4)],
      "r = Exp (x) a = Reshape (r, t) b = Reshape (a, u) y = Neg (b)",
      ["r = Exp(x)", "y = Neg(r)"],
    ],
    [
      "to a scalar",
      "float[1,1] x",
      [ints("t", 1), ints("u", 0)],
      "a = Squeeze (x, t) y = Squeeze (a, u)",
      ["y = Reshape(x, y_shape)"],
    ],
    [
      "a 0 that copies a size that is dynamic and another",
      "float[N,M,4] x",
      [ints("t", -1, 2), ints("u", 0, 2, 1)],
      "a = Reshape (x, t) y = Reshape (a, u)",
      ["y = Reshape(x, y_shape)"],
    ],
    [
      "no elements",
      "float[0,3,4] x",
      [ints("t", 2)],
      "a = Unsqueeze (x, t) y = Unsqueeze (a, t)",
      ["y = Reshape(x, y_shape)"],
    ],
    [
      "strings",
      "string[2,3] x",
      [ints("t", 6), ints("u", 3, 2)],
      "a = Reshape (x, t) y = Reshape (a, u)",
      ["y = Reshape(x, u)"],
    ],
  ])("%s", async (_, input, constants, nodes, after) => {
    await expectRewrite(graphText(input, constants, nodes), after, {
      ...PASS,
      runnable: input.startsWith("string") ? "maybe" : true,
    });
  });

  it("three in a row, the constants that they read gone", async () => {
    const { model } = await expectRewrite(
      graphText(
        "float[2,3,4] x",
        [ints("t", 1), ints("u", 6, 4)],
        "a = Unsqueeze (x, t) b = Reshape (a, u) y = Flatten <axis = 0> (b)",
      ),
      ["y = Reshape(x, y_shape)"],
      PASS,
    );
    expect(model.graph.initializers.size).toBe(1);
  });

  it.each([
    [
      "a value that others read",
      "float[2,3,4] x",
      "a = Reshape (x, t) b = Reshape (a, u) z = Exp (a) y = Neg (b)",
      "y, z",
    ],
    ["a value that callers see", "float[2,3,4] x", "a = Reshape (x, t) y = Reshape (a, u)", "y, a"],
    [
      "an axis of two dynamic sizes that moves",
      "float[N,1,M] x",
      "a = Squeeze (x, one) y = Unsqueeze (a, two)",
      "y",
    ],
  ])("%s stays", async (_, input, nodes, outputs) => {
    const constants = [ints("t", 6, 4), ints("u", 4, 6), ints("one", 1), ints("two", 2)];
    await expectRefused(graphText(input, constants, nodes, outputs), undefined, {
      passes: ["merge-view-chains"],
    });
  });
});

describe("views of several dynamic sizes", () => {
  it.each([
    [
      "Unsqueeze Unsqueeze",
      "float[N,M] x",
      [ints("t", 1), ints("u", -2)],
      "a = Unsqueeze (x, t) y = Unsqueeze (a, u)",
      "y = Unsqueeze(x, y_axes)",
      [1, 2],
    ],
    [
      "Squeeze Squeeze",
      "float[N,1,1,M] x",
      [ints("t", 1)],
      "a = Squeeze (x, t) y = Squeeze (a, t)",
      "y = Squeeze(x, y_axes)",
      [1, 2],
    ],
    [
      "three of them",
      "float[N,M] x",
      [ints("t", 0), ints("u", 3), ints("v", 1)],
      "a = Unsqueeze (x, t) b = Unsqueeze (a, u) y = Unsqueeze (b, v)",
      "y = Unsqueeze(x, y_axes)",
      [0, 1, 4],
    ],
    [
      "sizes that stay",
      "float[N,M,2,3] x",
      [ints("t", 4), ints("u", 0, 0, 3, 2)],
      "a = Unsqueeze (x, t) y = Reshape (a, u)",
      "y = Reshape(x, u)",
      [0, 0, 3, 2],
    ],
    [
      "Flatten",
      "float[N,M,4] x",
      [ints("t", 2)],
      "a = Unsqueeze (x, t) y = Flatten <axis = 1> (a)",
      "y = Flatten(x)",
      undefined,
    ],
  ])("%s", async (_, inputs, constants, nodes, after, numbers) => {
    const { model } = await expectRewrite(graphText(inputs, constants, nodes), [after], PASS);
    const shape = model.graph.first?.input(1)?.tensor;
    expect(shape && [...decodeNumbers(shape.dtype, shape.bytes(), shape.size)]).toEqual(numbers);
  });

  it("axes are attributes before opset 13", async () => {
    const { model } = await expectRewrite(
      graphText("float[N,M] x", [], "a = Unsqueeze <axes = [1]> (x) y = Unsqueeze <axes = [2]> (a)"),
      ["y = Unsqueeze(x)"],
      { ...PASS, opset: 11 },
    );
    expect(model.graph.first?.ints("axes")).toEqual([1, 2]);
  });
});

describe("a reduction and the view behind it", () => {
  const X = "float[N,4,M,5] x";
  const one = [ints("k", 1)];

  it.each<readonly [string, readonly string[], string, string, number]>([
    ...[
      "ReduceL1",
      "ReduceL2",
      "ReduceLogSum",
      "ReduceLogSumExp",
      "ReduceMax",
      "ReduceMean",
      "ReduceMin",
      "ReduceProd",
      "ReduceSumSquare",
    ].map(
      (op) =>
        [
          `${op} and Unsqueeze`,
          one,
          `r = Abs (x) a = ${op} <axes = [1], keepdims = 0> (r) y = Unsqueeze (a, k)`,
          `y = ${op}(r)`,
          1,
        ] as const,
    ),
    [
      "ReduceSum and Unsqueeze",
      one,
      "r = Abs (x) a = ReduceSum <keepdims = 0> (r, k) y = Unsqueeze (a, k)",
      "y = ReduceSum(r, k)",
      1,
    ],
    [
      "ReduceMax and Squeeze",
      one,
      "r = Abs (x) a = ReduceMax <axes = [-3]> (r) y = Squeeze (a, k)",
      "y = ReduceMax(r)",
      0,
    ],
    [
      "several axes and Reshape",
      [ints("t", -1, 4, 1, 1)],
      "r = Abs (x) a = ReduceMean <axes = [2, 3], keepdims = 0> (r) y = Reshape (a, t)",
      "y = ReduceMean(r)",
      1,
    ],
    [
      "several axes and Flatten",
      [],
      "r = Abs (x) a = ReduceMean <axes = [-1, 2], keepdims = 1> (r) y = Flatten (a)",
      "y = ReduceMean(r)",
      0,
    ],
    [
      "all axes",
      [ints("t", 1, 1, 1, 1)],
      "r = Abs (x) a = ReduceSum <keepdims = 0> (r) y = Reshape (a, t)",
      "y = ReduceSum(r)",
      1,
    ],
  ])("%s", async (_, constants, nodes, after, keepdims) => {
    const { model } = await expectRewrite(graphText(X, [...constants], nodes), ["r = Abs(x)", after], PASS);
    expect(model.graph.last?.int("keepdims")).toBe(keepdims);
  });

  it.each(["ArgMax", "ArgMin"])("%s", async (op) => {
    const { model } = await expectRewrite(
      graphText(
        X,
        one,
        `a = ${op} <axis = 1, keepdims = 0, select_last_index = 1> (x) y = Unsqueeze (a, k)`,
        "int64[N,1,M,5] y",
      ),
      [`y = ${op}(x)`],
      PASS,
    );
    const node = model.graph.first;
    expect([node?.int("axis"), node?.int("keepdims"), node?.int("select_last_index")]).toEqual([1, 1, 1]);
  });

  // Not with axes from the end, which onnxruntime leaves out of an empty batch: test/properties/anything/onnxruntime-faults.test.ts.
  it.each([
    ["a = ReduceSum <keepdims = 0> (x, k) y = Unsqueeze (a, k)", "y = ReduceSum(x, k)"],
    ["a = ReduceSum (x, k) y = Squeeze (a, k)", "y = ReduceSum(x, k)"],
    ["a = ArgMax <axis = 1> (x) y = Squeeze (a, k)", "y = ArgMax(x)"],
  ])("on an empty batch: %s", async (nodes, after) => {
    await expectRewrite(`g (float[N,4] x) => (y) <int64[1] k = {1}> { ${nodes} }`, [after], {
      ...PASS,
      shapes: { x: [0, 4] },
    });
  });

  it("axes as an input since opset 18, from a Constant, in a body", async () => {
    await expectRewrite(
      `g (float[N,4] x, bool c) => (float[N,1] y) {
        y = If (c) <
          then_branch = t () => (float[N,1] t1) {
            k = Constant <value = int64[1] {1}> ()
            m = ReduceMean <keepdims = 0> (x, k)
            t1 = Unsqueeze (m, k)
          },
          else_branch = e () => (float[N,1] e1) { l = Constant <value = int64[1] {-1}> () e1 = ReduceMin (x, l) }
        >
      }`,
      ["y = If(c)", "  t1 = ReduceMean(x, k)", "  e1 = ReduceMin(x, l)"],
      { passes: [...PASS.passes, "lift-constants"], opset: 18 },
    );
  });

  it.each([
    [
      "a view to another shape",
      [ints("t", 0)],
      "a = ReduceMean <axes = [1], keepdims = 0> (x) y = Unsqueeze (a, t)",
      "y",
    ],
    [
      "a reduction that others read",
      one,
      "a = ReduceMean <axes = [1], keepdims = 0> (x) y = Unsqueeze (a, k) e = Exp (a)",
      "y, e",
    ],
    [
      "a reduction that callers see",
      one,
      "a = ReduceMean <axes = [1], keepdims = 0> (x) y = Unsqueeze (a, k)",
      "y, a",
    ],
    [
      "a reduction that may be of no axes",
      one,
      "a = ReduceSum <keepdims = 0, noop_with_empty_axes = 1> (x, k) y = Unsqueeze (a, k)",
      "y",
    ],
  ])("stays: %s", async (_, constants, nodes, outputs) => {
    await expectRefused(graphText(X, constants, nodes, outputs), undefined, PASS);
  });
});
