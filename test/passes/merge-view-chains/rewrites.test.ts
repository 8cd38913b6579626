import { describe, expect, it } from "vitest";
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
    ["two sizes that are dynamic", "float[N,M,1,1] x", "a = Squeeze (x, three) y = Squeeze (a, two)", "y"],
  ])("%s stays", async (_, input, nodes, outputs) => {
    const constants = [ints("t", 6, 4), ints("u", 4, 6), ints("three", 3), ints("two", 2)];
    await expectRefused(graphText(input, constants, nodes, outputs), undefined, {
      passes: ["merge-view-chains"],
    });
  });
});
