import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  [
    "GRU",
    "float[5,2,3] x, float[1,12,3] w, float[1,12,4] r, int32[2] s",
    "float y",
    "y = GRU<hidden_size = 4>(x, w, r, , s)",
    "whole [1, 6)",
  ],
  [
    "LSTM",
    "float[5,2,3] x, float[1,16,3] w, float[1,16,4] r, int32[2] s",
    "float y",
    "y = LSTM<hidden_size = 4>(x, w, r, , s)",
    "whole [1, 6)",
  ],
  [
    "RNN",
    "float[5,2,3] x, float[1,4,3] w, float[1,4,4] r, int32[2] s",
    "float y",
    "y = RNN<hidden_size = 4>(x, w, r, , s)",
    "whole [1, 6)",
  ],
  [
    "GRU with the batch in front",
    "float[5,2,3] x, float[1,12,3] w, float[1,12,4] r, int32[5] s",
    "float y",
    "y = GRU<hidden_size = 4, layout = 1>(x, w, r, , s)",
    "whole [1, 3)",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
