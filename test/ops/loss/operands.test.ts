import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  [
    "NegativeLogLikelihoodLoss",
    "float[2,5] x, int64[2] s",
    "float y",
    "y = NegativeLogLikelihoodLoss(x, s)",
    "whole [0, 5)",
  ],
  [
    "SoftmaxCrossEntropyLoss",
    "float[2,5] x, int64[2] s",
    "float y",
    "y = SoftmaxCrossEntropyLoss(x, s)",
    "whole [0, 5)",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
