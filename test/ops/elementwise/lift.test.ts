import { describe, expect, it } from "vitest";
import { createFacts } from "../../../src/analysis/fact-table.js";
import { isRefusal } from "../../../src/base/refusal.js";
import { liftAffine } from "../../../src/ops/affine.js";
import { parseGraph } from "../../../src/text/parse.js";

function lifted(node: string, constant = "float[3,1] k = {1, 2, 4}", opset = 17): unknown {
  const model = parseGraph(`g (float[N,3,5] x) => (float[] y) <${constant}> { y = ${node} }`, { opset });
  const first = model.graph.first;
  const found = first && liftAffine(first, createFacts(model));
  if (found === undefined || isRefusal(found)) return found?.kind;
  return [found.axis, found.inputIndex, [...found.map.scale], [...found.map.shift]];
}

describe("arithmetic with a constant", () => {
  it.each([
    ["Mul (x, k)", [1, 0, [1, 2, 4], [0, 0, 0]]],
    ["Add (k, x)", [1, 1, [1, 1, 1], [1, 2, 4]]],
    ["Sub (x, k)", [1, 0, [1, 1, 1], [-1, -2, -4]]],
    ["Sub (k, x)", [1, 1, [-1, -1, -1], [1, 2, 4]]],
    ["Div (x, k)", [1, 0, [1, 0.5, 0.25], [0, 0, 0]]],
  ])("%s is a map of each channel", (node, map) => {
    expect(lifted(node)).toEqual(map);
  });

  it("of one number is a map of all", () => {
    expect(lifted("Mul (x, k)", "float k = {-2}")).toEqual([undefined, 0, [-2], [0]]);
    expect(lifted("Mul (x, k)", "float[1,1] k = {-2}")).toEqual([undefined, 0, [-2], [0]]);
  });

  it("is none in a Neg and in a sum of x with itself, which scale x", () => {
    expect(lifted("Neg (x)")).toEqual([undefined, 0, [-1], [0]]);
    expect(lifted("Add (x, x)")).toEqual([undefined, 0, [2], [0]]);
    for (const node of ["Neg (k)", "Add (k, k)"]) expect(lifted(node, "int64 k = {2}")).toBeUndefined();
  });

  it("is no map where x is the divisor, before opset 7 and of integers", () => {
    for (const node of ["Div (k, x)", "Pow (x, k)", "Mul (x, x)"]) expect(lifted(node)).toBeUndefined();
    expect(lifted("Mul (x, k)", "float[3,1] k = {1, 2, 4}", 6)).toBeUndefined();
    expect(lifted("Mul (x, k)", "int64 k = {2}")).toBeUndefined();
  });

  it.each([
    ["two axes", "float[3,5] k = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15}"],
    ["a higher rank", "float[2,1,1,1] k = {1, 2}"],
    ["a size that x is not known to have", "float[2,1,1] k = {1, 2}"],
    ["a NaN", "float[3,1] k = {1, nan, 2}"],
  ])("refuses a constant with %s", (_, constant) => {
    expect(lifted("Mul (x, k)", constant)).toBe("refusal");
  });
});
