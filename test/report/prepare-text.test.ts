import { expect, it } from "vitest";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { prepareText } from "../../src/report/prepare-text.js";
import { PLAIN } from "../support/style.js";

const inserted = {
  init: "fresh",
  form: "training",
  decomposed: false,
  epsilon: 1e-5,
  momentum: 0.9,
  sites: [],
  passedOver: [],
  raisedIrVersion: undefined,
  batches: 0,
  samples: 0,
  check: undefined,
  accuracy: undefined,
} as const;

it("names four nodes of a change, the nodes that were left with the reason, and the settings", () => {
  const text = prepareText(
    {
      input: { path: "a.onnx", bytes: 1 },
      output: { path: "b.onnx", bytes: 20 },
      report: {
        recipe: "batchnorm-paper",
        inserted,
        steps: [{ change: "Dropout removed", nodes: ["a", "b", "c", "d", "e", "f"] }],
        kept: [
          {
            node: 'LRN "n"',
            id: "size-is-long",
            reason: "its size is a number that is very long to say ".repeat(3),
          },
        ],
        settings: ["a learning rate thirty times as large"],
      },
    },
    PLAIN,
  );
  expect(text).toContain("6 x Dropout removed\n  a, b, c, d, and 2 more\n");
  expect(text).toMatch(/left as they are\n {2}LRN "n": its size/);
  expect(text).toMatch(/- a learning rate thirty times as large\n$/);
  for (const line of text.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});
