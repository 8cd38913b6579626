import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  [
    "Attention",
    "float[2,3,4,8] q, float[2,3,6,8] k, float[2,3,6,8] v, int64[2] s",
    "float y",
    "y = Attention(q, k, v, , , , s)",
    "whole [1, 7)",
  ],
  [
    "RotaryEmbedding",
    "float[2,4,3,8] x, float[50,4] c, float[50,4] d, int64[2,3] s",
    "float y",
    "y = RotaryEmbedding(x, c, d, s)",
    "whole [0, 50)",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
