import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const ALONE = { passes: ["eliminate-views"] };
const PASS = { passes: ["eliminate-views", "eliminate-dead"] };
const ints = (name: string, ...values: readonly number[]): string =>
  `int64[${values.length}] ${name} = {${values.join(", ")}}`;

describe("views around elementwise operators", () => {
  it.each([
    [
      "Squeeze, Relu, Unsqueeze",
      "float[N,1,M] x",
      "a = Squeeze (x, k) b = Relu (a) y = Unsqueeze (b, k)",
      ["y = Relu(x)"],
    ],
    [
      "several in a row, with numbers in both places",
      "float[2,3,5] x",
      "a = Reshape (x, t) b = Mul (c, a) d = Sub (b, one) e = Tanh (d) y = Reshape (e, u)",
      ["b_1 = Mul(c, x)", "d_1 = Sub(b_1, one)", "y = Tanh(d_1)"],
    ],
    [
      "two operands behind two views",
      "float[2,3,5] x, float[2,3,5] z",
      "a = Reshape (x, t) b = Reshape (z, t) d = Exp (b) e = Div (a, d) y = Reshape (e, u)",
      ["d_1 = Exp(z)", "y = Div(x, d_1)"],
    ],
    [
      "one operand twice",
      "float[2,3,5] x",
      "a = Reshape (x, t) b = Sigmoid (a) e = Mul (a, b) y = Reshape (e, u)",
      ["b_1 = Sigmoid(x)", "y = Mul(x, b_1)"],
    ],
    [
      "a view that others read stays for them",
      "float[2,3,5] x",
      "a = Reshape (x, t) b = Relu (a) y = Reshape (b, u) z = ReduceMax <axes = [0]> (a)",
      ["a = Reshape(x, t)", "y = Relu(x)", "z = ReduceMax(a)"],
    ],
    [
      "bounds, a choice and other types",
      "float[2,3,5] x",
      "a = Reshape (x, t) b = Clip (a, zero, six) d = Cast <to = 7> (b) y = Reshape (d, u)",
      ["b_1 = Clip(x, zero, six)", "y = Cast(b_1)"],
    ],
  ])("%s", async (_, inputs, nodes, after) => {
    const constants = [
      ints("k", 1),
      ints("t", 6, 5),
      ints("u", 2, 3, 5),
      constant("c", [1, 1]),
      "float one = {1}, float zero = {0}, float six = {6}",
    ];
    const outputs = [
      /Cast/.test(nodes) ? "int64[2,3,5] y" : "y",
      ...(/ z = Reduce/.test(nodes) ? ["z"] : []),
    ].join(", ");
    await expectRewrite(graphText(inputs, constants, nodes, outputs), after, PASS);
  });

  it("axes as attributes, and in a body with a Constant", async () => {
    await expectRewrite(
      graphText(
        "float[N,1,M] x",
        [],
        "a = Squeeze <axes = [1]> (x) b = Neg (a) y = Unsqueeze <axes = [1]> (b)",
      ),
      ["y = Neg(x)"],
      { ...PASS, opset: 11 },
    );
    await expectRewrite(
      `g (bool c, float[N,1] x) => (float[N,1] y) {
        y = If (c) <
          then_branch = t () => (float[N,1] u) {
            k = Constant <value = int64[1] {1}> ()
            a = Squeeze (x, k) b = Exp (a) u = Unsqueeze (b, k)
          },
          else_branch = e () => (float[N,1] v) { v = Neg (x) }
        >
      }`,
      ["y = If(c)", "  u = Exp(x)", "  v = Neg(x)"],
      PASS,
    );
  });

  it.each([
    ["the shape behind is another", "a = Reshape (x, t) b = Relu (a) y = Reshape (b, v)", "y"],
    ["an operand of several elements", "a = Reshape (x, t) b = Mul (a, w) y = Reshape (b, u)", "y"],
    [
      "a number with more axes than the shape in front",
      "a = Reshape (x, six) b = Mul (a, c) y = Reshape (b, u)",
      "y",
    ],
    ["an operand without a view", "a = Reshape (x, t) b = Add (a, z) y = Reshape (b, u)", "y"],
    ["an operator that callers see", "a = Reshape (x, t) b = Relu (a) y = Reshape (b, u)", "y, b"],
    ["an operator that mixes elements", "a = Reshape (x, t) b = Softmax (a) y = Reshape (b, u)", "y"],
    ["no view in front", "b = Exp (z) y = Reshape (b, u)", "y"],
  ])("stay: %s", async (_, nodes, outputs) => {
    const constants = [
      ints("t", 6, 5),
      ints("u", 2, 3, 5),
      ints("v", 3, 2, 5),
      ints("six", 1, 1, 6, 5),
      constant("w", [5]),
      constant("c", [1, 1, 1, 1]),
    ];
    await expectRefused(
      graphText("float[2,3,5] x, float[6,5] z", constants, nodes, outputs),
      undefined,
      ALONE,
    );
  });
});
