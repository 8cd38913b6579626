import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["SplitToSequence", "float[7] x, int64[3] s", "seq(float) y", "y = SplitToSequence(x, s)", "2 2 3"],
  [
    "SplitToSequence into equal parts",
    "float[7] x, int64 s",
    "seq(float) y",
    "y = SplitToSequence(x, s)",
    "2",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });

  it.each([
    ["SequenceAt", "float", "SequenceAt(q, s)"],
    ["SequenceErase", "seq(float)", "SequenceErase(q, s)"],
    ["SequenceInsert", "seq(float)", "SequenceInsert(q, x, s)"],
  ])("%s", (_, type, node) => {
    expect(
      demandOnS(`g (float[2] x, int64 s) => (${type} y) { q = SequenceConstruct(x, x) y = ${node} }`),
    ).toBe("0");
  });
});
