import { expect, it } from "vitest";
import { lowerText } from "../../src/report/lower-text.js";
import { PLAIN } from "../support/style.js";

const files = { input: { path: "a.onnx", bytes: 1 }, output: { path: "b.onnx", bytes: 20 } };

it("lists the operators that were written out, and the state of a step", () => {
  const text = lowerText(
    { ...files, lowered: ['Adam "a"'], state: [{ name: "w", next: "w_next" }], checked: true },
    PLAIN,
  );
  expect(text.split("\n")).toEqual([
    "a.onnx -> b.onnx (20 B)",
    "  1 training operator written out in standard operators",
    '  Adam "a"',
    "  each step takes these inputs and gives their new values in these outputs:",
    "  w -> w_next",
    "onnxruntime loads the result",
    "",
  ]);
});

it("says that the result was not loaded, and that a training_info was passed over", () => {
  const text = lowerText({ ...files, lowered: [], state: [], checked: false, isPassedOver: true }, PLAIN);
  expect(text).toMatch(/not loaded in onnxruntime\n[\s\S]*--training-info/);
});
