import { describe, expect, it } from "vitest";
import { rewrite } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const CONSTANTS = [
  "int64 zeroth = {0}, int64 p = {-1}, int64 q = {2}, int64[1] last = {-1}, int64[1] second = {2}, int64[1] fourth = {3}",
  "int64[2] some = {0, -1}, int64[2] same = {2, 0}, int64[1] one = {1}, int64[1] three = {3}",
  "int64[2] pads = {1, 0}, float zero = {0}, int64[2] places = {0, 1}",
];

/** The operators that are left of two alike, whose results are the outputs. */
async function leftOf(first: string, second: string, opset: number): Promise<readonly string[]> {
  const nodes = `a = ${first} b = ${second} c = Neg (a) d = Abs (b)`;
  const settings = { opset, passes: ["merge-common-subexpressions"] };
  return (await rewrite(graphText("float[2,3,4] x", CONSTANTS, nodes, "c, d"), settings)).ops;
}

describe("axes", () => {
  it.each([
    ["a default from the end", "Softmax <axis = 2> (x)", "Softmax (x)", 17],
    ["a default from the front", "Flatten <axis = -2> (x)", "Flatten (x)", 17],
    [
      "an axis that the output lacks",
      "ArgMax <axis = -2, keepdims = 0> (x)",
      "ArgMax <axis = 1, keepdims = 0> (x)",
      17,
    ],
    ["an axis among new ones", "Gather <axis = -1> (x, places)", "Gather <axis = 2> (x, places)", 17],
    ["a list of any order", "ReduceMax <axes = [2, -3]> (x)", "ReduceMax <axes = [0, 2]> (x)", 17],
    ["a constant list of any order", "ReduceSum (x, some)", "ReduceSum (x, same)", 17],
    ["a new axis", "Unsqueeze (x, last)", "Unsqueeze (x, fourth)", 17],
    ["an old new axis", "Unsqueeze <axes = [-1]> (x)", "Unsqueeze <axes = [3]> (x)", 11],
    ["a constant number", "CumSum (x, p)", "CumSum (x, q)", 17],
    ["a cut", "Slice (x, one, three, last)", "Slice (x, one, three, second)", 17],
    ["a border", "Pad (x, pads, zero, last)", "Pad (x, pads, zero, second)", 18],
  ])("are the same in another spelling: %s", async (_, first, second, opset) => {
    expect(await leftOf(first, second, opset)).toHaveLength(3);
  });

  it.each([
    ["another axis", "Softmax <axis = -2> (x)", "Softmax (x)", 17],
    ["the last of the output, which the input lacks", "Unsqueeze (x, last)", "Unsqueeze (x, second)", 17],
    ["a default of before", "Softmax (x)", "Softmax <axis = -1> (x)", 12],
    ["another constant number", "CumSum (x, p)", "CumSum (x, zeroth)", 17],
  ])("are two: %s", async (_, first, second, opset) => {
    expect(await leftOf(first, second, opset)).toHaveLength(4);
  });
});
