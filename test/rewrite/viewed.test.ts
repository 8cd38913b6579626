import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { present } from "../../src/base/assert.js";
import { sourceOfView, viewedProduct } from "../../src/rewrite/viewed.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { modelOf } from "../support/rewrite.js";

const model = modelOf(
  `g (float[2,4,3,5] x, float[2,4,5,7] z, float[5,7] w, float[5] v) => (m, p, q)
   <int64[3] s = {8, 3, 5}, int64[3] t = {8, 5, 7}> {
     a = Reshape (x, s) b = Reshape (z, t) m = MatMul (a, b) p = MatMul (a, w) q = MatMul (v, b)
   }`,
);
const facts = createFacts(model);

/** The names of the operands that give the shape. */
const operands = (
  output: string,
  outer: readonly number[],
  turned?: readonly number[],
): string[] | undefined => {
  const found = viewedProduct(nodeOf(model, output), outer, turned, facts);
  return found && [found.a.value.name, found.b.value.name];
};

describe("the operands of a product from before their views", () => {
  it.each<readonly [string, string, readonly number[], readonly string[]]>([
    ["both", "m", [2, 4, 3, 7], ["x", "z"]],
    ["the rows of one matrix", "p", [2, 4, 3, 7], ["x", "w"]],
  ])("%s", (_, output, outer, names) => {
    expect(operands(output, outer)).toEqual(names);
  });

  it.each<readonly [string, string, readonly number[]]>([
    ["another shape behind", "m", [4, 2, 3, 7]],
    ["the shape of the product itself", "m", [8, 3, 7]],
    ["a vector", "q", [2, 4, 7]],
  ])("none: %s", (_, output, outer) => {
    expect(operands(output, outer)).toBeUndefined();
  });

  it("with the second one transposed", () => {
    expect(operands("p", [2, 4, 3, 6], [5, 6])).toEqual(["x", "w"]);
  });

  it("a value that no view gives has no source", () => {
    expect(sourceOfView(valueNamed(model, "x"), facts)).toBeUndefined();
    expect(present(sourceOfView(valueNamed(model, "a"), facts), "x").name).toBe("x");
  });
});
