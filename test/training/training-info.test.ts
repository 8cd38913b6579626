import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers, Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { verify } from "../../src/ir/verify.js";
import { decodeModel } from "../../src/proto/decode.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor, Session, TensorMap } from "../../src/runtime/runtime.js";
import { parseModel } from "../../src/text/parse.js";
import { OPTIMIZERS, type OptimizerKind } from "../../src/training/optimizer.js";
import { buildTrainingStep, type TrainingStepOptions } from "../../src/training/step.js";
import {
  type TrainingInfoOptions,
  trainingModel,
  withTrainingInfo,
} from "../../src/training/training-info.js";

const NET = `<ir_version: 8, opset_import: ["" : 18]>
  net (float[N,2] x) => (float[N,3] y)
  <float[2,4] w1 = {0.3, -0.2, 0.5, 0.1, -0.4, 0.2, 0.3, -0.6}, float[4] b1 = {0.1, 0, -0.1, 0.2},
   float[4] g = {1,2,1,1}, float[4] b = {0,0.5,0,0}, float[4] m = {0,0,0.1,0}, float[4] v = {1,1,2,1},
   float[4,3] w2 = {0.1,-0.2,0.3, 0.2,0.1,-0.3, -0.1,0.4,0.2, 0.3,0.3,-0.2}, float[3] c = {0,0,0}> {
    s = Gemm(x, w1, b1)  n = BatchNormalization(s, g, b, m, v)  h = Tanh(n)  l = Gemm(h, w2, c)  y = Softmax(l)
  }`;

const feeds: TensorMap = new Map([
  ["x", { dtype: "float", dims: [4, 2], data: encodeNumbers("float", [1, 2, -1, 0.5, 0.3, -2, 0, 1]) }],
]);
const labels: RuntimeTensor = { dtype: "int64", dims: [4], data: encodeNumbers("int64", [0, 1, 2, 1]) };

/** The network with names of nodes, as exporters give them. */
function net(text = NET): Model {
  const model = parseModel(text);
  for (const node of model.nodes()) node.name = `/net/${node.outputs[0]?.name}/${node.opType}`;
  return model;
}

async function open(model: Model): Promise<Session> {
  return (await defaultRuntime()).open({ kind: "bytes", bytes: encodeToBytes(model) });
}

async function run(model: Model, inputs: TensorMap): Promise<Map<string, RuntimeTensor>> {
  const session = await open(model);
  try {
    return await session.run(inputs);
  } finally {
    await session.close();
  }
}

const options = (kind: OptimizerKind): TrainingStepOptions => ({
  loss: { kind: "cross-entropy" },
  optimizer: { kind },
});

const roundTrip = (model: Model): Model => decodeModel(memorySource(encodeToBytes(model)));

function numbersOf(tensor: RuntimeTensor | undefined): number[] {
  if (!(tensor?.data instanceof Uint8Array)) throw new Error("no tensor");
  return [
    ...decodeNumbers(
      tensor.dtype,
      tensor.data,
      tensor.dims.reduce((size, dim) => size * dim, 1),
    ),
  ];
}

describe("withTrainingInfo", () => {
  it.each(OPTIMIZERS)(
    "%s: the algorithm behind the graph makes the steps of buildTrainingStep",
    async (kind) => {
      const model = net();
      const before = encodeToBytes(model);
      const rates = { learningRate: 0.25, momentum: 0.75, weightDecay: 0.125 };
      const file = roundTrip(withTrainingInfo(model, { ...options(kind), ...rates }));
      expect(Buffer.compare(before, encodeToBytes(model))).toBe(0);
      expect(verify(file)).toEqual([]);
      const combined = trainingModel(file);
      expect(verify(combined.model)).toEqual([]);
      const step = buildTrainingStep(model, options(kind));
      expect(combined.state.map(({ name }) => name).sort()).toEqual(
        step.state.map(({ name }) => name).sort(),
      );
      const { learningRate, momentum, weightDecay } = step.hyperparameters;
      const scalar = (number: number): RuntimeTensor => ({
        dtype: "float",
        dims: [],
        data: encodeNumbers("float", [number]),
      });
      const hyper = new Map(
        [
          [learningRate, rates.learningRate] as const,
          [momentum, rates.momentum] as const,
          [weightDecay, rates.weightDecay] as const,
        ].flatMap(([name, number]) => (name === undefined ? [] : [[name, scalar(number)] as const])),
      );
      const batch = new Map([...feeds, [step.labels, labels]]);
      const initial = (tensors: typeof step.state | typeof combined.state): Map<string, RuntimeTensor> =>
        new Map(
          tensors.map(({ name, initial: { dtype, dims, ...rest } }): [string, RuntimeTensor] => [
            name,
            { dtype, dims, data: new Tensor(dtype, dims, rest.data).bytes() },
          ]),
        );
      let state = initial(step.state);
      let mine = initial(combined.state);
      const sessions = [await open(step.model), await open(combined.model)] as const;
      for (let i = 0; i < 3; i++) {
        const [theirs, own] = [
          await sessions[0].run(new Map([...batch, ...state, ...hyper])),
          await sessions[1].run(new Map([...batch, ...mine])),
        ];
        state = new Map(step.state.map(({ name, next }) => [name, theirs.get(next) ?? labels]));
        mine = new Map(combined.state.map(({ name, next }) => [name, own.get(next) ?? labels]));
        for (const [name, tensor] of state)
          expect(numbersOf(mine.get(name)), name).toEqual(numbersOf(tensor));
        expect(numbersOf(own.get(step.outputs.loss))).toEqual(numbersOf(theirs.get(step.outputs.loss)));
      }
      for (const session of sessions) await session.close();
      expect(numbersOf(mine.get("w1"))).not.toEqual(numbersOf({ ...scalar(0), ...tensorOf(model, "w1") }));
      expect(numbersOf(mine.get("m"))).not.toEqual([0, 0, 0.1, 0]);
    },
  );

  it("leaves inference as it is, also where onnxruntime reads the file", async () => {
    const model = net();
    const file = roundTrip(withTrainingInfo(model, { ...options("adam"), learningRate: 0.1 }));
    expect(await run(file, feeds)).toEqual(await run(model, feeds));
    expect(file.graph.nodeCount).toBe(model.graph.nodeCount);
    expect(file.graph.outputs.map(({ name }) => name)).toEqual(["y"]);
  });

  it("does not repeat the forward pass before the first normalization, nor any weight", () => {
    const file = withTrainingInfo(net(), { ...options("sgd"), learningRate: 0.1 });
    const { model } = trainingModel(file);
    const nodes = [...model.graph.nodes()];
    expect(
      nodes.filter((node) => node.is("Gemm") && node.input(0)?.name === "x" && !node.int("transA")),
    ).toHaveLength(1);
    expect(nodes.filter((node) => node.is("Tanh"))).toHaveLength(2);
    const sizes = [...model.graph.initializers].filter((value) => (value.tensor?.size ?? 0) >= 8);
    expect(sizes.map(({ name }) => name).sort()).toEqual([]);
  });

  it("pins the values that the algorithm names, as reading the file does", () => {
    const pinned = (model: Model): string[] =>
      [
        ...model.graph.inputs,
        ...model.graph.initializers,
        ...[...model.graph.nodes()].flatMap((n) => n.outputs),
      ]
        .flatMap((value) => (value?.isPinned ? [value.name] : []))
        .sort();
    const made = withTrainingInfo(net(), { ...options("sgd"), learningRate: 0.1 });
    expect(pinned(made)).toEqual(pinned(roundTrip(made)));
    expect(pinned(made)).toEqual(["b", "b1", "c", "g", "m", "s", "v", "w1", "w2", "x"]);
  });

  it("raises an old model, and keeps an existing training_info", () => {
    const old = net(NET.replace('"" : 18', '"" : 17').replace("ir_version: 8", "ir_version: 7"));
    const once = withTrainingInfo(old, { ...options("sgd"), learningRate: 0.1 });
    expect([once.opset(), once.irVersion]).toEqual([18, 8]);
    const twice = withTrainingInfo(once, { ...options("momentum"), learningRate: 0.2 });
    expect(twice.trainingInfo).toHaveLength(2);
    expect(trainingModel(twice, 1).state.length).toBeGreaterThan(trainingModel(twice, 0).state.length);
  });
});

describe("withTrainingInfo refuses", () => {
  it.each<[Partial<TrainingInfoOptions>, string]>([
    [{ learningRate: Number.NaN }, "wrong-option-value"],
    [{ learningRate: 0 }, "wrong-option-value"],
    [{ momentum: 1 }, "wrong-option-value"],
    [{ weightDecay: -1 }, "wrong-option-value"],
  ])("%j", (more, id) => {
    expect(() => withTrainingInfo(net(), { ...options("momentum"), learningRate: 0.1, ...more })).toThrow(
      expect.objectContaining({ code: "usage", id }),
    );
  });
});

describe("trainingModel", () => {
  it("names the missing training_info or input", () => {
    expect(() => trainingModel(net())).toThrow(expect.objectContaining({ id: "model-has-no-training-info" }));
    const file = withTrainingInfo(net(), { ...options("sgd"), learningRate: 0.1 });
    const renamed = roundTrip(file);
    const [value] = [...renamed.graph.initializers].filter(({ name }) => name === "c");
    value?.rename("d");
    renamed.graph.addInitializer("c2", tensorFromNumbers("float", [3], [0, 0, 0]));
    expect(() => trainingModel(renamed)).toThrow(
      expect.objectContaining({ id: "input-is-not-defined", message: expect.stringContaining('"c"') }),
    );
  });
});

function tensorOf(model: Model, name: string): RuntimeTensor {
  const tensor = [...model.graph.initializers].find((value) => value.name === name)?.tensor;
  if (tensor === undefined) throw new Error(`no ${name}`);
  return { dtype: tensor.dtype, dims: tensor.dims, data: tensor.bytes() };
}
