import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers, type Tensor } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { buildTrainingStep, type TrainingStep } from "../../src/training/step.js";
import { numbersOf, tensor } from "./support.js";

/** Runs steps on one batch; gives the losses and the last state. */
async function train(
  step: TrainingStep,
  batch: ReadonlyMap<string, RuntimeTensor>,
  hyper: Readonly<Record<string, number>>,
  count: number,
): Promise<{ losses: number[]; outputs: Map<string, RuntimeTensor>; state: Map<string, RuntimeTensor> }> {
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(step.model) });
  const state = new Map<string, RuntimeTensor>(
    step.state.map(({ name, initial }) => [
      name,
      { dtype: initial.dtype, dims: initial.dims, data: initial.bytes() },
    ]),
  );
  const losses: number[] = [];
  let outputs = new Map<string, RuntimeTensor>();
  const scalars = Object.entries(hyper).map(([name, value]) => [name, tensor([], [value])] as const);
  for (let i = 0; i < count; i++) {
    outputs = await session.run(new Map([...batch, ...state, ...scalars]));
    for (const { name, next } of step.state) {
      const value = outputs.get(next);
      if (value !== undefined) state.set(name, value);
    }
    losses.push(numbersOf(outputs.get(step.outputs.loss))[0] ?? Number.NaN);
  }
  await session.close();
  return { losses, outputs, state };
}

function constants(initial: Tensor): readonly number[] {
  return [...decodeNumbers(initial.dtype, initial.bytes(), initial.size)];
}

const weights = (seed: number, count: number, std = 0.5): string => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => (random.normal() * std).toFixed(4)).join(", ");
};

function classifier(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    net (float[N,4] x) => (float[N,3] p)
    <float[4,5] w1 = {${weights(1, 20)}}, float[5] g = {1,1,1,1,1}, float[5] b = {0,0,0,0,0},
     float[5] m = {0,0,0,0,0}, float[5] v = {1,1,1,1,1},
     float[5,3] w2 = {${weights(2, 15)}}, float[3] b2 = {0,0,0}> {
      u = MatMul(x, w1)
      n, m_out, v_out = BatchNormalization <training_mode = 1, momentum = 0.9> (u, g, b, m, v)
      h = Sigmoid(n)
      z = Gemm(h, w2, b2)
      p = Softmax <axis = -1> (z)
    }`);
}

function classifierBatch(): Map<string, RuntimeTensor> {
  const random = createRandom(5);
  const labels = Array.from({ length: 12 }, (_, i) => i % 3);
  const x = labels.flatMap((label) =>
    Array.from({ length: 4 }, (_, i) => random.normal() + (i === label ? 3 : 0)),
  );
  return new Map([
    ["x", tensor([12, 4], x)],
    ["labels", { dtype: "int64" as const, dims: [12], data: encodeNumbers("int64", labels) }],
  ]);
}

describe("a training step", () => {
  it("follows the gradient of a linear regression exactly", async () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 18]>
      line (float[N,2] x) => (float[N,1] y) <float[2,1] w = {1, -1}> { y = MatMul(x, w) }`);
    const step = buildTrainingStep(model, { loss: { kind: "mse" }, optimizer: { kind: "sgd" } });
    expect(verify(step.model)).toEqual([]);
    const batch = new Map([
      ["x", tensor([2, 2], [1, 2, 3, 4])],
      ["labels", tensor([2, 1], [1, 0])],
    ]);
    const { losses, state } = await train(step, batch, { learning_rate: 0.5, weight_decay: 0.25 }, 1);
    // The residuals are -2 and -1: loss (4 + 1)/2, gradient x' r = [-5, -8], decay 0.25 w.
    expect(losses).toEqual([2.5]);
    expect(numbersOf(state.get("w"))).toEqual([1 + 0.5 * (5 - 0.25), -1 + 0.5 * (8 + 0.25)]);
  });

  it("peels the Softmax off, keeps the statistics, and learns", async () => {
    const step = buildTrainingStep(classifier(), {
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "momentum" },
      probes: ["u"],
    });
    expect(verify(step.model)).toEqual([]);
    expect([...step.model.nodes()].some((node) => node.opType === "Softmax")).toBe(false);
    expect(step.classes).toBe(3);
    expect(step.state.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      "parameter w1",
      "slot w1_velocity",
      "parameter g",
      "slot g_velocity",
      "parameter b",
      "slot b_velocity",
      "parameter w2",
      "slot w2_velocity",
      "parameter b2",
      "slot b2_velocity",
      "statistic m",
      "statistic v",
    ]);
    const batch = classifierBatch();
    const hyper = { learning_rate: 0.2, weight_decay: 0, momentum: 0.9 };
    const once = await train(step, batch, hyper, 1);
    const u = numbersOf(once.outputs.get(step.probes.get("u") ?? ""));
    const column = u.filter((_, i) => i % 5 === 0);
    const mean = column.reduce((a, b) => a + b) / 12;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 12;
    expect(numbersOf(once.state.get("m"))[0]).toBeCloseTo(0.1 * mean, 6);
    expect(numbersOf(once.state.get("v"))[0]).toBeCloseTo(0.9 + 0.1 * variance, 6);
    const { losses, outputs } = await train(step, batch, hyper, 60);
    expect(losses[0]).toBeGreaterThan(0.8);
    expect(losses.at(-1)).toBeLessThan(0.05);
    expect(numbersOf(outputs.get(step.outputs.accuracy ?? ""))).toEqual([1]);
  });

  it("updates vectors side by side to the bits that each has alone", async () => {
    const built = (trained?: string): TrainingStep =>
      buildTrainingStep(classifier(), {
        loss: { kind: "cross-entropy" },
        optimizer: { kind: "adamw" },
        ...(trained === undefined ? {} : { freeze: (name: string) => ![trained, "m", "v"].includes(name) }),
      });
    const splits = (step: TrainingStep): number =>
      [...step.model.nodes()].filter(({ opType }) => opType === "Split").length;
    const hyper = { learning_rate: 0.2, weight_decay: 0.1 };
    const together = built();
    // Three vectors and their two moments, and the two statistics.
    expect(splits(together)).toBe(4);
    const { state } = await train(together, classifierBatch(), hyper, 1);
    for (const name of ["g", "b", "b2"]) {
      const alone = built(name);
      expect(splits(alone)).toBe(1);
      const { state: only } = await train(alone, classifierBatch(), hyper, 1);
      for (const tensor of [name, `${name}_moment1`, `${name}_moment2`, "m", "v"]) {
        expect(numbersOf(state.get(tensor)), tensor).toEqual(numbersOf(only.get(tensor)));
      }
    }
  });

  it("changes nothing when a batch is not finite, and says so", async () => {
    const step = buildTrainingStep(classifier(), {
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "adam" },
    });
    const batch = classifierBatch().set("x", tensor([12, 4], new Array<number>(48).fill(Number.NaN)));
    const { outputs, state } = await train(step, batch, { learning_rate: 0.1, weight_decay: 0.1 }, 1);
    expect(numbersOf(outputs.get(step.outputs.finite))).toEqual([0]);
    for (const { name, initial } of step.state) {
      expect(numbersOf(state.get(name)), name).toEqual(constants(initial));
    }
  });

  it("scales gradients down to the norm asked for", async () => {
    const options = { loss: { kind: "cross-entropy" as const }, optimizer: { kind: "sgd" as const } };
    const batch = classifierBatch();
    const free = await train(
      buildTrainingStep(classifier(), options),
      batch,
      { learning_rate: 1, weight_decay: 0 },
      1,
    );
    const step = buildTrainingStep(classifier(), { ...options, clipNorm: 0.01 });
    const clipped = await train(step, batch, { learning_rate: 1, weight_decay: 0 }, 1);
    const norm = numbersOf(free.outputs.get("gradient_norm"))[0] ?? 0;
    expect(norm).toBeGreaterThan(0.02);
    const moved = (run: typeof free): number =>
      Math.hypot(
        ...step.state
          .filter(({ kind }) => kind === "parameter")
          .flatMap(({ name, initial }) =>
            numbersOf(run.state.get(name)).map((v, i) => v - (constants(initial)[i] ?? 0)),
          ),
      );
    expect(moved(free)).toBeCloseTo(norm, 4);
    expect(moved(clipped)).toBeCloseTo(0.01, 5);
  });
});
