import { expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import type { Dataset } from "../../src/data/dataset.js";
import { tensorDataset } from "../../src/data/memory.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { parseModel } from "../../src/text/parse.js";
import { stackSteps } from "../../src/training/stack.js";
import { buildTrainingStep } from "../../src/training/step.js";
import { trainModel } from "../../src/training/train.js";
import type { Checkpoint, StepProgress, TrainOptions } from "../../src/training/train-options.js";

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  net (float[N,2] x) => (float[N,3] y)
  <float[2,4] w1 = {0.3, -0.2, 0.5, 0.1, -0.4, 0.2, 0.3, -0.6}, float[4] g = {1,1,1,1}, float[4] b = {0,0,0,0},
   float[4] m = {0,0,0,0}, float[4] v = {1,1,1,1},
   float[4,3] w2 = {0.1,-0.2,0.3, 0.2,0.1,-0.3, -0.1,0.4,0.2, 0.3,0.3,-0.2}, float[3] c = {0,0,0}> {
    u = MatMul(x, w1)  n = BatchNormalization(u, g, b, m, v)  h = Tanh(n)  y = Gemm(h, w2, c)
  }`);

/** Fifty samples, one of them not a number. */
function spoiled(): Dataset {
  const random = createRandom(3);
  const x = Array.from({ length: 100 }, () => random.normal());
  x[50] = Number.NaN;
  const labels = Array.from({ length: 50 }, (_, i) => i % 3);
  return tensorDataset({
    x: { dtype: "float", dims: [50, 2], data: encodeNumbers("float", x) },
    labels: { dtype: "int64", dims: [50], data: encodeNumbers("int64", labels) },
  });
}

it("makes the same bits with any number of steps in a call, bad batches included", async () => {
  const runtime = await defaultRuntime();
  const course = async (more: Partial<TrainOptions>) => {
    const progress: StepProgress[] = [];
    const checkpoints: Checkpoint[] = [];
    const result = await trainModel(model, {
      data: spoiled(),
      batchSize: 5,
      steps: 33,
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "adamw" },
      weightDecay: 0.01,
      learningRate: 0.05,
      schedule: { kind: "cosine", warmup: 3 },
      checkpointEvery: 7,
      runtime,
      onStep: (step) => progress.push(step),
      onCheckpoint: (checkpoint) => {
        checkpoints.push(checkpoint);
      },
      ...more,
    });
    const steps = checkpoints.map(({ step }) => step);
    return { progress, steps, bytes: encodeToBytes(result.model), skipped: result.skipped };
  };
  const one = await course({});
  // Three rounds and a part of the fourth through ten batches.
  expect(one.skipped).toBeGreaterThanOrEqual(3);
  expect(one.steps).toEqual([7, 14, 21, 28, 33]);
  for (const stepsPerCall of [2, 16]) {
    const many = await course({ stepsPerCall });
    expect(many.progress).toEqual(one.progress);
    expect(many.steps).toEqual(one.steps);
    expect(Buffer.compare(many.bytes, one.bytes)).toBe(0);
  }
  await expect(course({ stepsPerCall: 0 })).rejects.toMatchObject({ id: "steps-per-call-are-not-whole" });
});

it("writes stacks of steps as a model that holds together", () => {
  const step = buildTrainingStep(model, { loss: { kind: "cross-entropy" }, optimizer: { kind: "momentum" } });
  const { model: stacked, inputs, outputs } = stackSteps(step);
  expect(verify(stacked)).toEqual([]);
  expect(stacked.graph.nodeCount).toBe(1);
  expect([...inputs.keys()].sort()).toEqual(step.model.graph.inputs.map(({ name }) => name).sort());
  expect(outputs.get(step.outputs.loss)).toBe("loss_stack");
});
