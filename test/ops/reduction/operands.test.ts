import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["ReduceL1", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceL1(x, s)", "0 1"],
  ["ReduceL2", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceL2(x, s)", "0 1"],
  ["ReduceLogSum", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceLogSum(x, s)", "0 1"],
  ["ReduceLogSumExp", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceLogSumExp(x, s)", "0 1"],
  ["ReduceMax", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceMax(x, s)", "0 1"],
  ["ReduceMean", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceMean(x, s)", "0 1"],
  ["ReduceMin", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceMin(x, s)", "0 1"],
  ["ReduceProd", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceProd(x, s)", "0 1"],
  ["ReduceSum", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceSum(x, s)", "0 1"],
  ["ReduceSumSquare", "float[2,3,4] x, int64[2] s", "float y", "y = ReduceSumSquare(x, s)", "0 1"],
  [
    "ReduceSum to declared sizes",
    "float[2,3,4] x, int64[2] s",
    "float[2,1,1] y",
    "y = ReduceSum(x, s)",
    "1 2",
  ],
  ["CumSum", "float[2,3] x, int64 s", "float y", "y = CumSum(x, s)", "whole [0, 2)"],
  ["TopK", "float[2,5] x, int64[1] s", "float y, float i", "y, i = TopK(x, s)", "2"],
  [
    "TopK to a declared size",
    "float[2,5] x, int64[1] s",
    "float[2,3] y, int64[2,3] i",
    "y, i = TopK(x, s)",
    "3",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
