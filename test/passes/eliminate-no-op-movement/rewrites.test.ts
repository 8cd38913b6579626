import { describe, it } from "vitest";
import { expectRefused, expectRewrite } from "../../support/rewrite.js";
import { graphText } from "../../support/text.js";

const X = "float[N,6,4] x";
const AROUND = (middle: string): string => `a = Relu (x) ${middle} y = Neg (b)`;
const GONE = ["a = Relu(x)", "y = Neg(a)"];

describe("eliminate-no-op-movement", () => {
  it.each([
    ["Cast to its own type", [], "b = Cast <to = 1> (a)"],
    ["Reshape to its own shape", ["int64[3] t = {0, 6, -1}"], "b = Reshape (a, t)"],
    ["Expand to its own shape", ["int64[3] t = {1, 6, 4}"], "b = Expand (a, t)"],
    ["Tile by one", ["int64[3] t = {1, 1, 1}"], "b = Tile (a, t)"],
    ["Transpose in order", [], "b = Transpose <perm = [0, 1, 2]> (a)"],
    ["Pad by nothing", ["int64[6] t = {0, 0, 0, 0, 0, 0}"], "b = Pad (a, t)"],
    [
      "Slice of everything",
      ["int64[1] start = {0}", "int64[1] end = {9223372036854775807}", "int64[1] axis = {1}"],
      "b = Slice (a, start, end, axis)",
    ],
    ["Split into one", ["int64[1] t = {6}"], "b = Split <axis = 1> (a, t)"],
  ])("%s goes", async (_, constants, middle) => {
    await expectRewrite(graphText(X, constants, AROUND(middle)), GONE);
  });

  it.each([
    ["Cast to another type", [], "c = Cast <to = 7> (a) b = Cast <to = 1> (c)"],
    ["Reshape to sizes of the same product", ["int64[3] t = {-1, 4, 6}"], "b = Reshape (a, t)"],
    ["Tile by two", ["int64[3] t = {1, 2, 1}"], "b = Tile (a, t)"],
    ["Transpose of equal sizes", [], "b = Transpose <perm = [0, 2, 1]> (a)"],
    ["Pad that takes and gives", ["int64[6] t = {0, 1, 0, 0, -1, 0}"], "b = Pad (a, t)"],
    [
      "Slice backwards",
      [
        "int64[1] start = {5}",
        "int64[1] end = {-9223372036854775808}",
        "int64[1] axis = {1}",
        "int64[1] step = {-1}",
      ],
      "b = Slice (a, start, end, axis, step)",
    ],
  ])("%s stays", async (_, constants, middle) => {
    await expectRefused(graphText("float[N,6,6] x", constants, AROUND(middle)));
  });

  it.each([
    [
      "Gather of all in order",
      "float[N,3] x",
      ["int64[3] k = {0, 1, 2}"],
      "b = Gather <axis = -1> (a, k)",
      "Exp",
    ],
    ["Where true", "float[N,3] x", ["bool[1] k = {1}", "float o = {2}"], "b = Where (k, a, o)", "Exp"],
    ["Where false", "float[N,3] x", ["bool[3] k = {0, 0, 0}", "float o = {2}"], "b = Where (k, o, a)", "Exp"],
  ])("%s goes", async (_, input, constants, middle, last) => {
    const passes = ["eliminate-no-op-movement"];
    const nodes = `a = Identity (x) ${middle} y = ${last} (b)`;
    await expectRewrite(graphText(input, constants, nodes), ["a = Identity(x)", `y = ${last}(a)`], {
      passes,
    });
  });

  it.each([
    ["Gather of some", "float[N,3] x", ["int64[2] k = {0, 1}"], "b = Gather <axis = 1> (a, k)"],
    ["Gather in another order", "float[N,3] x", ["int64[3] k = {0, 2, 1}"], "b = Gather <axis = 1> (a, k)"],
    ["Where of both", "float[N,2] x", ["bool[2] k = {1, 0}", "float o = {2}"], "b = Where (k, a, o)"],
    ["Where that broadcasts", "float[3] x", ["bool[2,1] k = {1, 1}", "float o = {2}"], "b = Where (k, a, o)"],
  ])("%s stays", async (_, input, constants, middle) => {
    const passes = ["eliminate-no-op-movement"];
    await expectRefused(
      graphText(input, constants, `a = Identity (x) ${middle} y = Identity (b)`),
      undefined,
      { passes },
    );
  });

  it.each([
    ["Reshape", "float[2,6] x", ["int64[2] t = {2, 6}"], "y = Reshape (x, t)"],
    ["Transpose", "float[2,6] x", [], "y = Transpose <perm = [0, 1]> (x)"],
    ["Cast", "int64[N] x", [], "y = Cast <to = 7> (x)"],
    ["Pad", "double[N] x", ["int64[2] t = {0, 0}"], "y = Pad (x, t)"],
  ])(
    "%s between a graph input and a graph output becomes an Identity",
    async (_, input, constants, nodes) => {
      const outputs = `${input.replace(" x", "")} y`;
      await expectRewrite(graphText(input, constants, nodes, outputs), ["y = Identity(x)"]);
    },
  );
});
