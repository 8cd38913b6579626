import { expect, it } from "vitest";
import { constantsText } from "../../src/report/constants-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { refusals } from "../../src/training/refusals.js";
import { PLAIN } from "../support/style.js";

const constant = {
  dtype: "float",
  dims: [2, 3],
  size: 6,
  role: "weight",
  decays: true,
  refusal: undefined,
} as const;

it("has a table of what is trained, and a sentence for each that is not", () => {
  const text = constantsText(
    [
      { ...constant, name: "w" },
      { ...constant, name: "b", dims: [], size: 1, role: "bias", decays: false },
      { ...constant, name: "mask", role: "buffer", refusal: refusals.holdsNonFinite() },
    ],
    PLAIN,
  );
  expect(text).toBe(
    [
      "2 constants trained, 7 numbers",
      "  constant  shape  role    decay",
      "  w         2x3    weight  yes",
      "  b         1      bias    no",
      "",
      "1 constant not trained",
      "  mask (buffer, 2x3): it holds infinity or NaN",
      "",
    ].join("\n"),
  );
});

it("stays narrow with long names", () => {
  const name = "encoder.layers.0.".repeat(9);
  const text = constantsText(
    [
      { ...constant, name },
      { ...constant, name, role: "buffer", refusal: refusals.normalizesData(name) },
    ],
    PLAIN,
  );
  for (const line of text.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});
