import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["Reshape", "float[4,6] x, int64[3] s", "float y", "y = Reshape(x, s)", "3 4 2"],
  ["Reshape to declared sizes", "float[4,6] x, int64[2] s", "float[3,8] y", "y = Reshape(x, s)", "3 8"],
  [
    "Reshape to declared sizes of other elements",
    "float[4,6] x, int64[2] s",
    "float[3,3] y",
    "y = Reshape(x, s)",
    "6 4",
  ],
  ["Squeeze", "float[1,3,1] x, int64[2] s", "float y", "y = Squeeze(x, s)", "0 2"],
  ["Unsqueeze", "float[3] x, int64[2] s", "float y", "y = Unsqueeze(x, s)", "0 1"],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });

  it("Reshape in front of a weight", () => {
    const text =
      "g (float[4,6] x, int64[2] s) => (float y) <float[8,1] W = {1,2,3,4,5,6,7,8}> { t = Reshape(x, s) y = MatMul(t, W) }";
    expect(demandOnS(text)).toBe("3 8");
  });
});
