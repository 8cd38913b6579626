import { describe, expect, it } from "vitest";
import { calibrationText } from "../../src/report/calibration-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

const statistics = { mean: Float64Array.of(0, 1), variance: Float64Array.of(1, 4) };
const layer = (name: string, shift: number, ratio = 1) => ({
  name,
  channels: 2,
  before: statistics,
  after: statistics,
  standardError: { mean: Float64Array.of(0.1, 0.2), variance: Float64Array.of(0, 0) },
  dead: [1],
  shift,
  ratio,
});
const run = (layers: readonly ReturnType<typeof layer>[]) => ({
  input: { path: "a.onnx", bytes: 1 },
  output: { path: "b.onnx", bytes: 20 },
  report: {
    method: "sequential" as const,
    batchSize: 8,
    batches: 1,
    samples: 8,
    layers,
    passedOver: ["inner"],
    separated: [],
  },
  accuracy: undefined,
});

describe("calibrationText", () => {
  it("puts the layers that moved most first, and twelve of them", () => {
    const layers = Array.from({ length: 15 }, (_, i) => layer(`layer_${i}`, i / 10));
    const text = calibrationText(run([...layers, layer("doubled", 0, 20)]), PLAIN);
    const shown = [...text.matchAll(/^ {2}(layer_\d+|doubled) /gm)].map(([, name]) => name);
    expect(shown).toHaveLength(12);
    expect(shown.slice(0, 3)).toEqual(["doubled", "layer_14", "layer_13"]);
    expect(text).toMatch(/8 samples in 1 batch of 8/);
    expect(text).toMatch(/in bodies and functions, left as stored: 1/);
    for (const line of text.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
  });

  it("says the typical error of a mean in deviations of its channel", () => {
    expect(calibrationText(run([layer("n", 0.5)]), PLAIN)).toMatch(/n +2 +0\.500 sd +1\.00 +0\.10 sd +1\n/);
  });
});
