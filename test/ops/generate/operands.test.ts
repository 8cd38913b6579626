import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["Bernoulli", "float[3] s", "float y", "y = Bernoulli(s)", "[0.1, 0.9)"],
  ["ConstantOfShape", "int64[2] s", "float y", "y = ConstantOfShape(s)", "whole [1, 4)"],
  ["Dropout, the ratio", "float[3] x, float s", "float y", "y = Dropout(x, s)", "[0.1, 0.9)"],
  ["Dropout, its mode", "float[3] x, float r, bool s", "float y", "y = Dropout(x, r, s)", "0"],
  ["Range, the start", "int64 s, int64 e, int64 d", "float y", "y = Range(s, e, d)", "1"],
  ["Range, the end", "int64 b, int64 s, int64 d", "float y", "y = Range(b, s, d)", "9"],
  ["Range, the step", "int64 b, int64 e, int64 s", "float y", "y = Range(b, e, s)", "2"],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
