import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { tensorDataset } from "../../src/data/memory.js";
import type { Model } from "../../src/ir/model.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { parseModel } from "../../src/text/parse.js";
import { type Training, train } from "../../src/trainer/train.js";
import { type FlatTrainingOptions, trainingSettingsOf } from "../../src/trainer/training-method.js";

const random = createRandom(7);
const data = tensorDataset({
  x: {
    dtype: "float",
    dims: [64, 3],
    data: encodeNumbers(
      "float",
      Array.from({ length: 192 }, () => 2 + random.normal()),
    ),
  },
  labels: {
    dtype: "int64",
    dims: [64],
    data: encodeNumbers(
      "int64",
      Array.from({ length: 64 }, (_, i) => i % 2),
    ),
  },
});

const normalize = (form: "training" | "inference", x: string, name: string): string =>
  form === "inference"
    ? `${name}_y = BatchNormalization(${x}, g, b, ${name}_mean, ${name}_var)`
    : `${name}_y, ${name}_m, ${name}_v = BatchNormalization<training_mode = 1>(${x}, g, b, ${name}_mean, ${name}_var)`;

function network(first: "training" | "inference", second: "training" | "inference"): Model {
  const statistics = (name: string): string =>
    `float[3] ${name}_mean = {0.5, 1, 1.5}, float[3] ${name}_var = {2, 1, 0.5}`;
  return parseModel(`<ir_version: 8, opset_import: ["": 17]>
    g (float[N,3] x) => (float[N,2] y)
    <float[3] g = {1,1,1}, float[3] b = {0,0,0}, ${statistics("body")}, ${statistics("head")},
     float[3,3] w = {1,2,0, -1,1,1, 0,1,-2}, float[3,2] v = {1,-1, 0,2, 1,1}>
    { ${normalize(first, "x", "body")} p = MatMul(body_y, w)
      ${normalize(second, "p", "head")} q = Relu(head_y) y = MatMul(q, v) }`);
}

async function trained(model: Model, options: Partial<FlatTrainingOptions>): Promise<Training> {
  const settings = trainingSettingsOf(model, {
    learningRate: 0.1,
    steps: 2,
    batchSize: 16,
    seed: 1,
    ...options,
  });
  return await train(model, { ...settings, data });
}

function numbers(model: Model, name: string): readonly number[] | undefined {
  const value = [...model.graph.initializers].find((initializer) => initializer.name === name);
  return value?.tensor === undefined ? undefined : [...value.tensor.toFloat64()];
}

const STORED = { mean: [0.5, 1, 1.5], var: [2, 1, 0.5] };
const isStored = (model: Model, name: string): boolean =>
  (["mean", "var"] as const).every(
    (part) => numbers(model, `${name}_${part}`)?.join() === STORED[part].join(),
  );
const forms = (model: Model): number[] =>
  [...model.graph.nodes()].flatMap((node) =>
    node.is("BatchNormalization") ? [node.int("training_mode", 0)] : [],
  );

describe("the end of a training", () => {
  it("measures statistics that training moved, and by default says how they compare", async () => {
    const { model, calibration } = await trained(network("inference", "training"), {});
    expect(calibration?.layers).toHaveLength(2);
    expect([isStored(model, "body"), isStored(model, "head")]).toEqual([false, false]);
    expect(forms(model)).toEqual([0, 0]);
  });

  it("leaves the statistics of inference forms with frozenStatistics", async () => {
    const { model, course, calibration } = await trained(network("inference", "training"), {
      frozenStatistics: true,
    });
    expect(course.averaged).toEqual(["head_mean", "head_var"]);
    expect(calibration?.layers).toHaveLength(1);
    expect([isStored(model, "body"), isStored(model, "head")]).toEqual([true, false]);
  });

  it("measures nothing where all statistics are frozen", async () => {
    const { model, course, calibration } = await trained(network("inference", "inference"), {
      frozenStatistics: true,
    });
    expect(course.averaged).toEqual([]);
    expect(calibration).toBeUndefined();
    expect([isStored(model, "body"), isStored(model, "head")]).toEqual([true, true]);
    expect(numbers(model, "w")).not.toEqual([1, 2, 0, -1, 1, 1, 0, 1, -2]);
  });

  it.each(["body_*", "body_var"])(
    "keeps both statistics of a layer in training form with %s frozen",
    async (freeze) => {
      const net = network("training", "training");
      const { model, course } = await trained(net, { freeze: [freeze] });
      expect(course.averaged).toEqual(["head_mean", "head_var"]);
      expect([isStored(model, "body"), isStored(model, "head")]).toEqual([true, false]);
      expect(forms(model)).toEqual([0, 0]);
      // The layer normalized by what it keeps: with nothing learned, the head sees what the written network computes.
      const idle = await trained(net, { freeze: [freeze, "g", "b", "w"], learningRate: 1e-30 });
      const inference = await trained(network("inference", "training"), {
        frozenStatistics: true,
        freeze: ["g", "b", "w"],
        learningRate: 1e-30,
      });
      expect(numbers(idle.model, "head_mean")).toEqual(numbers(inference.model, "head_mean"));
    },
  );

  it("keeps the moving averages, or the form that was trained, where that is asked for", async () => {
    const net = network("training", "training");
    const averages = await trained(net, { finish: "moving-average" });
    const none = await trained(net, { finish: "none" });
    expect([averages.calibration, none.calibration]).toEqual([undefined, undefined]);
    expect([forms(averages.model), forms(none.model)]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    for (const name of ["body_mean", "head_var"]) {
      const kept = numbers(averages.course.model, name);
      expect(numbers(averages.model, name)).toEqual(kept);
      expect(numbers(none.model, name)).toEqual(kept);
    }
    expect(isStored(averages.model, "head")).toBe(false);
  });

  it("has diverged where the trained parameters give no statistics", async () => {
    await expect(trained(network("training", "training"), { learningRate: 1e38 })).rejects.toThrow(
      expect.objectContaining({ code: "check", id: "trained-statistics-diverged" }),
    );
  });
});
