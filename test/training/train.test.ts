import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import type { Dataset } from "../../src/data/dataset.js";
import { tensorDataset } from "../../src/data/memory.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { parseModel } from "../../src/text/parse.js";
import { trainModel } from "../../src/training/train.js";
import type { Checkpoint, TrainOptions, Validation } from "../../src/training/train-options.js";

/** Three clouds in the plane: easy, but not linearly separable from the origin's side. */
function clouds(
  count: number,
  seed: number,
  spoil: (x: number[], labels: number[]) => void = () => {},
): Dataset {
  const random = createRandom(seed);
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  const x = labels.flatMap((label) => {
    const angle = (2 * Math.PI * label) / 3;
    return [2 * Math.cos(angle) + random.normal() * 0.4, 2 * Math.sin(angle) + random.normal() * 0.4];
  });
  spoil(x, labels);
  return tensorDataset({
    x: { dtype: "float", dims: [count, 2], data: encodeNumbers("float", x) },
    labels: { dtype: "int64", dims: [count], data: encodeNumbers("int64", labels) },
  });
}

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  net (float[N,2] x) => (float[N,3] y)
  <float[2,4] w1 = {0.3, -0.2, 0.5, 0.1, -0.4, 0.2, 0.3, -0.6}, float[4] g = {1,1,1,1}, float[4] b = {0,0,0,0},
   float[4] m = {0,0,0,0}, float[4] v = {1,1,1,1},
   float[4,3] w2 = {0.1,-0.2,0.3, 0.2,0.1,-0.3, -0.1,0.4,0.2, 0.3,0.3,-0.2}, float[3] c = {0,0,0}> {
    u = MatMul(x, w1)  n = BatchNormalization(u, g, b, m, v)  h = Tanh(n)  y = Gemm(h, w2, c)
  }`);

async function options(more: Partial<TrainOptions> = {}): Promise<TrainOptions> {
  return {
    data: clouds(90, 1),
    batchSize: 15,
    loss: { kind: "cross-entropy" },
    optimizer: { kind: "momentum" },
    learningRate: 0.1,
    runtime: await defaultRuntime(),
    ...more,
  };
}

describe("trainModel", () => {
  it("learns, validates on moving averages, and keeps the best", async () => {
    const seen: Validation[] = [];
    const result = await trainModel(
      model,
      await options({
        epochs: 12,
        valid: clouds(60, 2),
        onValidation: (validation) => seen.push(validation),
      }),
    );
    expect(result.steps).toBe(72);
    expect(seen).toHaveLength(12);
    expect(result.validations).toEqual(seen);
    expect(Math.max(...seen.map(({ accuracy }) => accuracy ?? 0))).toBeGreaterThan(0.97);
    const best = seen.findLast((validation) => validation.best);
    expect(result.bestStep).toBe(best?.step);
    const moved = [...result.model.graph.initializers].filter(
      (value, i) => value.tensor?.bytes().join() !== [...model.graph.initializers][i]?.tensor?.bytes().join(),
    );
    expect(moved.map(({ name }) => name)).toEqual(["w1", "g", "b", "m", "v", "w2", "c"]);
  });

  it("goes on from a checkpoint bit for bit", async () => {
    const whole = await trainModel(model, await options({ steps: 20 }));
    const abort = new AbortController();
    let checkpoint: Checkpoint | undefined;
    const first = await trainModel(
      model,
      await options({
        steps: 20,
        signal: abort.signal,
        onStep: ({ step }) => {
          if (step === 9) abort.abort();
        },
        onCheckpoint: (saved) => {
          checkpoint = saved;
        },
      }),
    );
    expect(first).toMatchObject({ interrupted: true, steps: 9 });
    if (checkpoint === undefined) return expect.unreachable("no checkpoint was given");
    const rest = await trainModel(model, await options({ steps: 20, resume: checkpoint }));
    expect(rest.steps).toBe(20);
    expect(Buffer.compare(encodeToBytes(rest.model), encodeToBytes(whole.model))).toBe(0);
    const partial = { ...checkpoint, tensors: new Map([...checkpoint.tensors].slice(1)) };
    await expect(
      options({ steps: 20, resume: partial }).then((o) => trainModel(model, o)),
    ).rejects.toMatchObject({
      id: "checkpoint-lacks-tensor",
      message: expect.stringContaining('"w1"'),
    });
    await expect(
      options({ steps: 20, resume: checkpoint, learningRate: 0.2 }).then((o) => trainModel(model, o)),
    ).rejects.toMatchObject({ id: "checkpoint-of-other-training" });
  });

  it("makes a validation that is due before it stops, and finishes one that is under way", async () => {
    const whole = await trainModel(
      model,
      await options({ steps: 20, valid: clouds(60, 2), validateEvery: 5 }),
    );
    for (const when of ["step", "validation"] as const) {
      const abort = new AbortController();
      const saved: Checkpoint[] = [];
      const valid = clouds(60, 2);
      const first = await trainModel(
        model,
        await options({
          steps: 20,
          validateEvery: 5,
          signal: abort.signal,
          valid: {
            ...valid,
            batches: (order) => {
              if (when === "validation") abort.abort();
              return valid.batches(order);
            },
          },
          onStep: ({ step }) => {
            if (when === "step" && step === 5) abort.abort();
          },
          onCheckpoint: (checkpoint) => {
            saved.push(checkpoint);
          },
        }),
      );
      expect(first, when).toMatchObject({ interrupted: true, steps: 5, bestStep: 5 });
      expect(saved.at(-1), when).toMatchObject({ step: 5, best: { step: 5 } });
      const [resume] = saved.slice(-1);
      if (resume === undefined) return expect.unreachable("no checkpoint was given");
      const rest = await trainModel(model, await options({ steps: 20, valid, validateEvery: 5, resume }));
      expect(rest.bestStep, when).toBe(whole.bestStep);
      expect(Buffer.compare(encodeToBytes(rest.model), encodeToBytes(whole.model)), when).toBe(0);
    }
  });

  it("freezes the given parameters", async () => {
    const { model: trained } = await trainModel(
      model,
      await options({ steps: 3, freeze: (name) => name === "w1" || name === "g" }),
    );
    const same = [...trained.graph.initializers].filter(
      (value, i) => value.tensor?.bytes().join() === [...model.graph.initializers][i]?.tensor?.bytes().join(),
    );
    expect(same.map(({ name }) => name)).toEqual(["w1", "g"]);
  });

  it.each<[Partial<TrainOptions>, id: string, RegExp]>([
    [
      { steps: 3, data: clouds(30, 1, (_, labels) => labels.splice(20, 1, 7)) },
      "label-is-no-class",
      /label of sample \d+ is 7, and there are 3 classes/,
    ],
    [{ steps: 3, batchSize: 500 }, "data-is-smaller-than-batch", /90 samples, fewer than one batch of 500/],
    [{ steps: 3, epochs: 3 }, "training-has-no-length", /steps or by epochs/],
    [{ steps: 3, learningRate: 0 }, "wrong-option-value", /learningRate is 0;/],
    [{ steps: 3, learningRate: Number.POSITIVE_INFINITY }, "wrong-option-value", /learningRate is Infinity/],
    [{ steps: 3, seed: -1 }, "wrong-option-value", /-1; .* 4294967295/],
    [{ steps: 3, seed: 1.5 }, "wrong-option-value", /1\.5/],
    [{ steps: 3, validateEvery: 0 }, "wrong-option-value", /validateEvery is 0/],
    [{ steps: 3, checkpointEvery: 0 }, "wrong-option-value", /checkpointEvery is 0/],
    [{ steps: 3, threads: 0 }, "wrong-option-value", /0; /],
    [{ steps: 3, freeze: () => true }, "nothing-to-train", /freeze/],
    [{ steps: 3, output: "z" }, "no-such-output", /no output "z"; it has y/],
    [
      { steps: 60, data: clouds(30, 1, (x) => x.fill(1e38)) },
      "training-diverged",
      /the last 20 batches up to step 20/,
    ],
  ])("%#: says in one line what is wrong", async (more, id, message) => {
    await expect(options(more).then((whole) => trainModel(model, whole))).rejects.toMatchObject({
      id,
      message: expect.stringMatching(message),
    });
  });
});
