import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  [
    "BatchNormalization",
    "float[2,3] x, float[3] g, float[3] b, float[3] m, float[3] s",
    "float y",
    "y = BatchNormalization(x, g, b, m, s)",
    "[0.1, 2)",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
