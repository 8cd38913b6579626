import { describe, expect, it } from "vitest";
import { demandOnS } from "../../support/operands.js";

/** The operator, the inputs, the outputs, the node, and what it demands of input s. */
const CASES: readonly (readonly [string, string, string, string, string | undefined])[] = [
  ["BlackmanWindow", "int64 s", "float y", "y = BlackmanWindow(s)", "10"],
  ["HammingWindow", "int64 s", "float y", "y = HammingWindow(s)", "10"],
  ["HannWindow", "int64 s", "float y", "y = HannWindow(s)", "10"],
  ["HannWindow of a declared length", "int64 s", "float[7] y", "y = HannWindow(s)", "7"],
  ["DFT", "float[1,8,1] x, int64 s", "float y", "y = DFT(x, s)", "8"],
  ["DFT, the axis", "float[1,8,1] x, int64 s", "float y", "y = DFT(x, , s)", "1"],
  ["STFT", "float[1,32,1] x, int64 s, float[8] w", "float y", "y = STFT(x, s, w)", "2"],
  ["STFT, the length", "float[1,32,1] x, int64 t, int64 s", "float y", "y = STFT(x, t, , s)", "8"],
  [
    "MelWeightMatrix, input 0",
    "int64 s, int64 i1, int64 i2, float i3, float i4",
    "float[9,8] y",
    "y = MelWeightMatrix(s, i1, i2, i3, i4)",
    "8",
  ],
  [
    "MelWeightMatrix, input 1",
    "int64 i0, int64 s, int64 i2, float i3, float i4",
    "float[9,8] y",
    "y = MelWeightMatrix(i0, s, i2, i3, i4)",
    "16",
  ],
  [
    "MelWeightMatrix, input 2",
    "int64 i0, int64 i1, int64 s, float i3, float i4",
    "float[9,8] y",
    "y = MelWeightMatrix(i0, i1, s, i3, i4)",
    "8192",
  ],
  [
    "MelWeightMatrix, input 3",
    "int64 i0, int64 i1, int64 i2, float s, float i4",
    "float[9,8] y",
    "y = MelWeightMatrix(i0, i1, i2, s, i4)",
    "0",
  ],
  [
    "MelWeightMatrix, input 4",
    "int64 i0, int64 i1, int64 i2, float i3, float s",
    "float[9,8] y",
    "y = MelWeightMatrix(i0, i1, i2, i3, s)",
    "4096",
  ],
];

describe("the values that operands may have", () => {
  it.each(CASES)("%s", (_, inputs, outputs, node, demand) => {
    expect(demandOnS(`g (${inputs}) => (${outputs}) { ${node} }`)).toBe(demand);
  });
});
