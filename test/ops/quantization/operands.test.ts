import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["QuantizeLinear", "float[3] x, float s", "float y", "y = QuantizeLinear(x, s)", "[0.05, 0.5)"],
  ["DequantizeLinear", "uint8[3] x, float s", "float y", "y = DequantizeLinear(x, s)", "[0.05, 0.5)"],
  [
    "QLinearMatMul, input 1",
    "uint8[2,3] a, float s, uint8 az, uint8[3,2] b, float bs, uint8 bz, float ys, uint8 yz",
    "float y",
    "y = QLinearMatMul(a, s, az, b, bs, bz, ys, yz)",
    "[0.05, 0.5)",
  ],
  [
    "QLinearMatMul, input 4",
    "uint8[2,3] a, float as, uint8 az, uint8[3,2] b, float s, uint8 bz, float ys, uint8 yz",
    "float y",
    "y = QLinearMatMul(a, as, az, b, s, bz, ys, yz)",
    "[0.05, 0.5)",
  ],
  [
    "QLinearMatMul, input 6",
    "uint8[2,3] a, float as, uint8 az, uint8[3,2] b, float bs, uint8 bz, float s, uint8 yz",
    "float y",
    "y = QLinearMatMul(a, as, az, b, bs, bz, s, yz)",
    "[0.05, 0.5)",
  ],
  [
    "QLinearMatMul, input 2",
    "uint8[2,3] a, float as, uint8 s, uint8[3,2] b, float bs, uint8 bz, float ys, uint8 yz",
    "float y",
    "y = QLinearMatMul(a, as, s, b, bs, bz, ys, yz)",
    undefined,
  ],
  [
    "QLinearConv, input 1",
    "uint8[1,1,4,4] a, float s, uint8 az, uint8[1,1,3,3] b, float bs, uint8 bz, float ys, uint8 yz",
    "float y",
    "y = QLinearConv(a, s, az, b, bs, bz, ys, yz)",
    "[0.05, 0.5)",
  ],
  [
    "QLinearConv, input 4",
    "uint8[1,1,4,4] a, float as, uint8 az, uint8[1,1,3,3] b, float s, uint8 bz, float ys, uint8 yz",
    "float y",
    "y = QLinearConv(a, as, az, b, s, bz, ys, yz)",
    "[0.05, 0.5)",
  ],
  [
    "QLinearConv, input 6",
    "uint8[1,1,4,4] a, float as, uint8 az, uint8[1,1,3,3] b, float bs, uint8 bz, float s, uint8 yz",
    "float y",
    "y = QLinearConv(a, as, az, b, bs, bz, s, yz)",
    "[0.05, 0.5)",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
