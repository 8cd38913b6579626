import { describe, expect, it } from "vitest";
import { isStandardDomain } from "../../src/ir/graph.js";
import type { Model } from "../../src/ir/model.js";
import { verify } from "../../src/ir/verify.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import { OPTIMIZERS } from "../../src/training/optimizer.js";
import { stackSteps } from "../../src/training/stack.js";
import { buildTrainingStep, type TrainingStepOptions } from "../../src/training/step.js";
import { trainingModel, withTrainingInfo } from "../../src/training/training-info.js";
import { LOSSES, NETWORKS, parityModel } from "./support.js";

/** Sound, of standard operators alone, and taken by onnxruntime with its optimizations off and on. */
async function expectPlain(model: Model): Promise<void> {
  expect(verify(model)).toEqual([]);
  for (const node of model.nodes()) expect(isStandardDomain(node.domain), node.label).toBe(true);
  expect(model.opsetImports.filter(({ domain }) => !isStandardDomain(domain))).toEqual([]);
  const runtime = await defaultRuntime();
  const bytes = encodeToBytes(model);
  for (const optimize of [false, true]) {
    const session = await runtime.open({ kind: "bytes", bytes }, { optimize, threads: 1 });
    expect(session.outputs.map(({ name }) => name)).toEqual(model.graph.outputs.map(({ name }) => name));
    await session.close();
  }
}

const networks = Object.entries(NETWORKS).map(([name, network]) => [name, network] as const);
const losses = Object.entries(LOSSES).map(([name, [loss]]) => [name, loss] as const);
const entropy = { kind: "cross-entropy" } as const;

describe("every step is a plain ONNX model", () => {
  it.each(networks)("%s with every optimizer", async (_, network) => {
    for (const kind of OPTIMIZERS) {
      const { model } = buildTrainingStep(parityModel(network), { loss: entropy, optimizer: { kind } });
      await expectPlain(model);
    }
  });

  it.each(losses)("%s", async (_, loss) => {
    // Class weights are for four classes.
    for (const [, network] of networks.filter(([, { classes }]) => classes === 4)) {
      await expectPlain(buildTrainingStep(parityModel(network), { loss, optimizer: { kind: "sgd" } }).model);
    }
  });

  it.each<[string, Partial<TrainingStepOptions>]>([
    ["clipped", { clipNorm: 1 }],
    ["without decay and guard", { withDecay: false, guarded: false }],
    ["of frozen statistics", { batchStatistics: "training" }],
    ["with frozen weights and a probe", { freeze: (name) => name.startsWith("w"), probes: ["logits"] }],
  ])("%s", async (_, options) => {
    for (const [, network] of networks) {
      const step = buildTrainingStep(parityModel(network), {
        loss: entropy,
        optimizer: { kind: "nesterov" },
        ...options,
      });
      await expectPlain(step.model);
    }
  });

  it.each(networks)("%s as a stack of steps, and as training_info read back", async (_, network) => {
    const options = { loss: entropy, optimizer: { kind: "adamw" } } as const;
    await expectPlain(stackSteps(buildTrainingStep(parityModel(network), options)).model);
    await expectPlain(
      trainingModel(withTrainingInfo(parityModel(network), { ...options, learningRate: 0.1 })).model,
    );
  });
});
