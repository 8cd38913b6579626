import { expect, it } from "vitest";
import { freezeText } from "../../src/report/freeze-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

const files = { input: { path: "a.onnx", bytes: 1 }, output: { path: "b.onnx", bytes: 20 } };

it("counts the changes of freezing, and leaves out the kinds without any", () => {
  const text = freezeText(
    {
      ...files,
      report: {
        frozen: [{ name: "n", form: "training" }],
        neutral: [],
        operators: [],
        unmeasured: [],
        outputs: [],
        dropouts: 0,
        raisedIrVersion: undefined,
      },
    },
    PLAIN,
  );
  expect(text).toBe(
    "a.onnx -> b.onnx (20 B)\n  1 BatchNormalization frozen: inference form, statistics as stored\n",
  );
});

it("names eight outputs of many", () => {
  const outputs = Array.from({ length: 12 }, (_, i) => `running_${i}`);
  const text = freezeText(
    {
      ...files,
      report: {
        frozen: [],
        neutral: ["m"],
        operators: [{ name: "ws", of: "constant" }],
        unmeasured: ["new"],
        outputs,
        dropouts: 2,
        raisedIrVersion: 4,
      },
    },
    PLAIN,
  );
  expect(text).toMatch(/12 outputs removed: running_0, [\s\S]*running_7, \.\.\.\n/);
  expect(text).not.toContain("running_8");
  expect(text).toMatch(/1 that changed nothing removed\n[\s\S]*2 Dropouts removed\n/);
  expect(text).toMatch(/1 that normalized a value by its own statistics:\s+InstanceNormalization \(ws\)\n/);
  expect(text).toMatch(/as if\s+nobody\s+had\s+measured\s+them: new;\s+"normfold calibrate"/);
  expect(text).toContain("IR version raised to 4, which its opset or its new constants need\n");
  for (const line of text.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});
