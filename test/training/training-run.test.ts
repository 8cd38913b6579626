import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.js";
import { tensorDataset } from "../../src/data/memory.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { parseModel } from "../../src/text/parse.js";
import { buildTrainingStep } from "../../src/training/step.js";
import { StepCalls } from "../../src/training/step-calls.js";
import type { Checkpoint, TrainOptions } from "../../src/training/train-options.js";
import { type TrainingCourse, TrainingRun } from "../../src/training/training-run.js";

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  net (float[N,1] x) => (float[N,1] y) <float[1,1] w = {0}> { y = MatMul(x, w) }`);

/** Samples 1, 1, ... whose label is 2, and NaN where `spoiled` says so. */
function dataOf(count: number, spoiled: (i: number) => boolean = () => false): TrainOptions["data"] {
  const x = Array.from({ length: count }, (_, i) => (spoiled(i) ? Number.NaN : 1));
  return tensorDataset({
    x: { dtype: "float", dims: [count, 1], data: encodeNumbers("float", x) },
    labels: {
      dtype: "float",
      dims: [count, 1],
      data: encodeNumbers("float", new Array<number>(count).fill(2)),
    },
  });
}

async function run(more: Partial<TrainOptions>): Promise<TrainingCourse> {
  const runtime = await defaultRuntime();
  const options: TrainOptions = {
    data: dataOf(10),
    batchSize: 4,
    loss: { kind: "mse" },
    optimizer: { kind: "sgd" },
    learningRate: 0.25,
    runtime,
    ...more,
  };
  const step = buildTrainingStep(model, { ...options, withDecay: false, guarded: false });
  const calls = await StepCalls.open(runtime, step, { threads: 1, stepsPerCall: options.stepsPerCall ?? 1 });
  try {
    return await new TrainingRun(model, step, calls, options).toTheEnd();
  } finally {
    await calls.close();
  }
}

const weightOf = ({ model: { graph } }: TrainingCourse): number | undefined =>
  [...graph.initializers].find(({ name }) => name === "w")?.tensor?.toFloat64()[0];

describe("TrainingRun", () => {
  it("makes the whole batches of each round, and moves the parameter by the gradient", async () => {
    const seen: string[] = [];
    const result = await run({
      epochs: 2,
      onStep: ({ step, steps, epoch }) => seen.push(`${step}/${steps} ${epoch}`),
    });
    expect(seen).toEqual(["1/4 0", "2/4 0", "3/4 1", "4/4 1"]);
    // w += 0.25 * 2 * (2 - w) halves the distance from 2 with each step.
    expect(weightOf(result)).toBe(2 - 2 / 2 ** 4);
    expect(result).toMatchObject({ steps: 4, epochs: 2, skipped: 0, bestStep: 4, interrupted: false });
    expect(result.trained).toEqual([{ name: "w", size: 1, readers: 1 }]);
  });

  it("ends after a number of steps, whatever the runtime makes in one call", async () => {
    const single = await run({ steps: 5 });
    const stacked = await run({ steps: 5, stepsPerCall: 3 });
    expect([single, stacked].map(({ steps, epochs }) => [steps, epochs])).toEqual([
      [5, 3],
      [5, 3],
    ]);
    expect(weightOf(stacked)).toBe(weightOf(single));
  });

  it("leaves a batch out that is not finite, and gives up after twenty", async () => {
    const result = await run({ data: dataOf(12, (i) => i === 0), epochs: 1 });
    expect(result).toMatchObject({ steps: 3, skipped: 1 });
    expect(weightOf(result)).toBe(2 - 2 / 2 ** 2);
    await expect(run({ data: dataOf(12, () => true), epochs: 10 })).rejects.toMatchObject({
      code: "check",
      id: "training-diverged",
    });
  });

  it("keeps the parameters that did best, and saves them", async () => {
    const saved: Checkpoint[] = [];
    const onCheckpoint = (checkpoint: Checkpoint): void => void saved.push(checkpoint);
    const result = await run({ epochs: 2, valid: dataOf(4), onCheckpoint });
    expect(result.validations.map(({ step, best }) => [step, best])).toEqual([
      [2, true],
      [4, true],
    ]);
    expect(saved.map(({ step, epoch, best }) => [step, epoch, best?.step])).toEqual([
      [2, 1, 2],
      [4, 1, 4],
    ]);
  });

  it("goes on from a checkpoint of the same training alone", async () => {
    const saved: Checkpoint[] = [];
    await run({ steps: 3, onCheckpoint: (checkpoint) => void saved.push(checkpoint) });
    const resume = saved.at(-1);
    if (resume === undefined) throw new Error("no checkpoint");
    const steps: number[] = [];
    // The length of a training is no part of its course.
    const rest = await run({
      steps: 4,
      resume,
      onStep: ({ step }) => steps.push(step),
      onCheckpoint: (checkpoint) => void saved.push(checkpoint),
    });
    expect(steps).toEqual([4]);
    expect(saved.slice(-2).map(({ epoch, batch }) => [epoch, batch])).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(weightOf(rest)).toBe(2 - 2 / 2 ** 4);
    await expect(run({ steps: 4, resume: { ...resume, course: "other" } })).rejects.toMatchObject({
      id: "checkpoint-of-other-training",
    });
    await expect(run({ steps: 4, resume: { ...resume, tensors: new Map() } })).rejects.toMatchObject({
      id: "checkpoint-lacks-tensor",
    });
  });

  it("ends when it is told to, with what it has", async () => {
    const abort = new AbortController();
    const result = await run({
      steps: 9,
      signal: abort.signal,
      onStep: ({ step }) => step === 2 && abort.abort(),
    });
    expect(result).toMatchObject({ steps: 2, interrupted: true });
  });

  it("draws the samples anew in each round, or takes them as the data has them", async () => {
    const drawn: number[][] = [];
    const inner = dataOf(10);
    const data: Dataset = {
      ...inner,
      batches: async function* (options) {
        for await (const batch of inner.batches(options)) {
          drawn.push(Array.from(batch.places ?? []));
          yield batch;
        }
      },
    };
    await run({ data, epochs: 2, order: "data" });
    expect(drawn).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    drawn.length = 0;
    await run({ data, epochs: 2 });
    expect(drawn.slice(0, 2)).not.toEqual(drawn.slice(2));
  });
});
