import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  [
    "MaxUnpool",
    "float[1,1,2,2] x, int64[1,1,2,2] s",
    "float y",
    "y = MaxUnpool<kernel_shape = [2,2], strides = [2,2]>(x, s)",
    "0 1 2 3",
  ],
  [
    "MaxUnpool, the sizes",
    "float[1,1,2,2] x, int64[1,1,2,2] i, int64[4] s",
    "float[1,1,5,5] y",
    "y = MaxUnpool<kernel_shape = [2,2], strides = [2,2]>(x, i, s)",
    "1 1 5 5",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
