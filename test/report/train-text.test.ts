import { describe, expect, it } from "vitest";
import { stepText, stoppedText } from "../../src/report/train-text.js";

describe("a training under way", () => {
  const step = {
    step: 120,
    steps: 1000,
    loss: 0.312,
    accuracy: 0.917,
    epoch: 0,
    gradientNorm: 1,
    learningRate: 0.1,
    finite: true,
  };

  it("says step, loss, accuracy, speed and the time that is left", () => {
    expect(stepText({ ...step }, 120, 1000)).toBe(
      "step 120/1000, loss 0.3120, accuracy 91.7 %, 120/s, 7.33 s left",
    );
  });

  it("has no end where none is set", () => {
    expect(stepText({ ...step, accuracy: undefined, steps: Number.POSITIVE_INFINITY }, 10, 1000)).toBe(
      "step 120, loss 0.3120, 10/s",
    );
  });
});

describe("a training that was stopped", () => {
  it("names the file that holds its state", () => {
    expect(stoppedText(7, undefined)).toBe("stopped after 7 steps; nothing was kept\n");
    expect(stoppedText(undefined, "run.safetensors")).toBe(
      "stopped after the last step; run.safetensors holds them; --resume goes on\n",
    );
  });
});
