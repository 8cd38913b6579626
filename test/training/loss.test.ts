import { describe, expect, it } from "vitest";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import type { Loss } from "../../src/training/loss.js";
import type { Optimizer } from "../../src/training/optimizer.js";
import { buildTrainingStep, type TrainingStepOptions } from "../../src/training/step.js";
import { numbersOf, tensor } from "./support.js";

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

/** The loss of a step on logits that are its parameter, the accuracy, and the gradient by the logits. */
async function lossOn(
  dims: readonly number[],
  logits: readonly number[],
  labels: RuntimeTensor,
  loss: Loss,
): Promise<{ loss: number; accuracy: number; gradient: readonly number[] }> {
  const size = logits.length;
  const text = `<ir_version: 8, opset_import: ["": 18]> net (float[N,${size}] x) => (float[${dims}] y)
    <float[${size},${size}] w = {${Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0))}}, int64[${dims.length}] k = {${dims}}> {
      u = MatMul(x, w) y = Reshape(u, k) }`;
  const step = buildTrainingStep(parseModel(text), { loss, optimizer: { kind: "sgd" }, withDecay: false });
  const feeds = new Map([
    ["x", tensor([1, size], logits)],
    [step.labels, labels],
    [step.hyperparameters.learningRate, tensor([], [1])],
    [
      "w",
      tensor(
        [size, size],
        Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
      ),
    ],
  ]);
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(step.model) });
  try {
    const outputs = await session.run(feeds);
    const moved = numbersOf(outputs.get(step.state[0]?.next ?? ""));
    // dL/dw = x^T g, so that a row of it by its x is the gradient by the logits.
    const gradient = logits.map((_, j) => ((j === 0 ? 1 : 0) - (moved[j] ?? Number.NaN)) / (logits[0] ?? 1));
    const numberOf = (name: string | undefined): number =>
      numbersOf(outputs.get(name ?? ""))[0] ?? Number.NaN;
    return { loss: numberOf(step.outputs.loss), accuracy: numberOf(step.outputs.accuracy), gradient };
  } finally {
    await session.close();
  }
}

describe("cross-entropy", () => {
  const LOGITS = [0.5, -1, 2, 1.5, 0.25, -0.75];
  const SOFT = [0.7, 0.1, 0.2, 0.25, 0.5, 0.25];
  const WEIGHTS = [0.5, 1, 2];

  /** PyTorch's, from its definition: -mean of sum w t log softmax(z), the labels smoothed. */
  function expected(weights: readonly number[], smoothing: number): { loss: number; gradient: number[] } {
    let loss = 0;
    const gradient: number[] = [];
    for (const row of [0, 1]) {
      const z = LOGITS.slice(3 * row, 3 * row + 3);
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      const targets = SOFT.slice(3 * row, 3 * row + 3).map(
        (t, c) => (weights[c] ?? 1) * ((1 - smoothing) * t + smoothing / 3),
      );
      const all = targets.reduce((sum, t) => sum + t, 0);
      z.forEach((value, c) => {
        loss -= ((targets[c] ?? 0) * (value - Math.log(total))) / 2;
        gradient.push(((Math.exp(value) / total) * all - (targets[c] ?? 0)) / 2);
      });
    }
    return { loss, gradient };
  }

  it.each([
    ["plain", [1, 1, 1], 0],
    ["with weights", WEIGHTS, 0],
    ["smoothed, with weights", WEIGHTS, 0.3],
  ] as const)("takes probabilities as labels, %s", async (_, classWeights, labelSmoothing) => {
    const loss = { kind: "cross-entropy", softLabels: true, classWeights, labelSmoothing } as const;
    const wanted = expected(classWeights, labelSmoothing);
    const found = await lossOn([2, 3], LOGITS, tensor([2, 3], SOFT), loss);
    expect(found.loss).toBeCloseTo(wanted.loss, 6);
    found.gradient.forEach((value, index) => {
      expect(value).toBeCloseTo(wanted.gradient[index] ?? Number.NaN, 5);
    });
    // The first sample's highest logit is class 2, its likeliest label 0; the second's are 0 and 1.
    expect(found.accuracy).toBe(0);
  });

  it("takes classes along the last axis, of labels in either form", async () => {
    const labels: RuntimeTensor = { dtype: "int64", dims: [1, 2], data: encodeNumbers("int64", [2, 0]) };
    const flat = await lossOn([2, 3], LOGITS, { ...labels, dims: [2] }, { kind: "cross-entropy" });
    const last = { kind: "cross-entropy", classesAxis: -1 } as const;
    expect(await lossOn([1, 2, 3], LOGITS, labels, last)).toEqual(flat);
    expect(flat.accuracy).toBe(1);
    const soft = await lossOn([1, 2, 3], LOGITS, tensor([1, 2, 3], SOFT), { ...last, softLabels: true });
    expect(soft.loss).toBeCloseTo(expected([1, 1, 1], 0).loss, 6);
  });

  it.each<[string, Loss, string]>([
    ["a negative weight", { kind: "cross-entropy", classWeights: [1, -1, 1] }, "class-weight-outside-range"],
    ["no weight above 0", { kind: "cross-entropy", classWeights: [0, 0, 0] }, "class-weight-outside-range"],
    [
      "a label to ignore among probabilities",
      { kind: "cross-entropy", softLabels: true, ignoreIndex: 1 },
      "soft-labels-have-no-ignored-class",
    ],
    ["an axis that is not there", { kind: "cross-entropy", classesAxis: 2 }, "cross-entropy-needs-classes"],
  ])("refuses %s", (_, loss, id) => {
    expect(build({ loss })).toThrow(expect.objectContaining({ id }));
  });
});
