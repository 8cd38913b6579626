import { describe, expect, it } from "vitest";
import { parseModel } from "../../src/text/parse.js";
import type { Loss } from "../../src/training/loss.js";
import type { Optimizer } from "../../src/training/optimizer.js";
import { buildTrainingStep, type TrainingStepOptions } from "../../src/training/step.js";

const NET = `<ir_version: 8, opset_import: ["" : 18]>
  net (float[N,2] x) => (float[N,3] y, int64[N] c)
  <float[2,3] w = {1,0,0, 0,1,0}> { y = Gemm(x, w)  c = ArgMax <axis = 1, keepdims = 0> (y) }`;

const build = (options: Partial<TrainingStepOptions>, text = NET): (() => unknown) => {
  const loss: Loss = { kind: "cross-entropy" };
  const optimizer: Optimizer = { kind: "sgd" };
  return () => buildTrainingStep(parseModel(text), { loss, optimizer, ...options });
};

describe("a loss refuses", () => {
  it.each<[string, Partial<TrainingStepOptions>, string]>([
    ["an output of integers", { output: "c" }, "loss-needs-float-output"],
    [
      "weights for other classes",
      { loss: { kind: "cross-entropy", classWeights: [1, 2] } },
      "class-weights-do-not-match",
    ],
    [
      "more smoothing than all",
      { loss: { kind: "cross-entropy", labelSmoothing: 1.5 } },
      "label-smoothing-outside-range",
    ],
    ["a delta of 0", { loss: { kind: "huber", delta: 0 } }, "huber-delta-outside-range"],
    ["an output that is not there", { output: "z" }, "no-such-output"],
    ["a limit of 0", { clipNorm: 0 }, "clip-norm-outside-range"],
    ["a beta of 1", { optimizer: { kind: "adam", betas: [0.9, 1] } }, "adam-numbers-outside-range"],
    ["probes of unknown values", { probes: ["nobody"] }, "value-is-not-in-model"],
  ])("%s", (_, options, id) => {
    expect(build(options)).toThrow(expect.objectContaining({ id }));
  });

  it("an output without classes", () => {
    const text = NET.replace("float[N,3] y, int64[N] c", "float[N] y").replace(
      /\{ y = .*/,
      "{ g = Gemm(x, w)  y = ReduceMax <axes = [1], keepdims = 0> (g) }",
    );
    expect(build({}, text.replace('"" : 18', '"" : 17'))).toThrow(
      expect.objectContaining({ id: "cross-entropy-needs-classes", where: { element: "y" } }),
    );
  });
});
