import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["Acos", "float[3] s", "float y", "y = Acos(s)", "[-0.9, 0.9)"],
  ["Asin", "float[3] s", "float y", "y = Asin(s)", "[-0.9, 0.9)"],
  ["Atanh", "float[3] s", "float y", "y = Atanh(s)", "[-0.9, 0.9)"],
  ["Acosh", "float[3] s", "float y", "y = Acosh(s)", "[1.1, 4)"],
  ["Log", "float[3] s", "float y", "y = Log(s)", "[0.1, 2)"],
  ["Sqrt", "float[3] s", "float y", "y = Sqrt(s)", "[0.1, 2)"],
  ["Exp", "float[3] s", "float y", "y = Exp(s)", undefined],
  ["BitShift", "uint8[3] x, uint8[3] s", "float y", `y = BitShift<direction = "LEFT">(x, s)`, "whole [0, 8)"],
  ["Clip, the lower bound", "float[3] x, float s", "float y", "y = Clip(x, s)", "[-1, -0.1)"],
  ["Clip, the upper bound", "float[3] x, float m, float s", "float y", "y = Clip(x, m, s)", "[0.1, 1)"],
  ["Clip of integers", "uint8[3] x, uint8 s", "float y", "y = Clip(x, s)", "whole [1, 3)"],
  [
    "Clip of integers, the upper bound",
    "uint8[3] x, uint8 m, uint8 s",
    "float y",
    "y = Clip(x, m, s)",
    "whole [5, 9)",
  ],
  ["Div of integers", "int32[3] x, int32[3] s", "float y", "y = Div(x, s)", "whole [1, 9)"],
  ["Div", "float[3] x, float[3] s", "float y", "y = Div(x, s)", undefined],
  ["Mod", "int32[3] x, int32[3] s", "float y", "y = Mod(x, s)", "whole [1, 9)"],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
