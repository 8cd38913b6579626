import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { TRAINING_METHOD } from "../../src/options/train.js";
import { parseModel } from "../../src/text/parse.js";
import { trainingMethodOf, trainingSettingsOf } from "../../src/trainer/training-method.js";
import { LOSSES } from "../../src/training/loss.js";
import { OPTIMIZERS } from "../../src/training/optimizer.js";
import { SCHEDULES } from "../../src/training/schedule.js";

describe("trainingMethodOf", () => {
  it("has the defaults of the table", () => {
    expect(trainingMethodOf({})).toEqual({
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "momentum" },
      schedule: { kind: "constant" },
    });
  });

  it("nests the options of each loss and schedule by kind", () => {
    const { loss } = trainingMethodOf({ classWeights: [1, 2], ignoreIndex: -1, labelSmoothing: 0.1 });
    expect(loss).toEqual({
      kind: "cross-entropy",
      classWeights: [1, 2],
      ignoreIndex: -1,
      labelSmoothing: 0.1,
    });
    expect(trainingMethodOf({ loss: "huber", delta: 2 }).loss).toEqual({ kind: "huber", delta: 2 });
    expect(trainingMethodOf({ loss: "huber" }).loss).toEqual({ kind: "huber" });
    const { schedule } = trainingMethodOf({
      schedule: "step",
      scheduleEvery: 5,
      scheduleFactor: 0.5,
      warmup: 3,
    });
    expect(schedule).toEqual({ kind: "step", every: 5, factor: 0.5, warmup: 3 });
    expect(trainingMethodOf({ schedule: "cosine", warmup: 3 }).schedule).toEqual({
      kind: "cosine",
      warmup: 3,
    });
  });

  it("leaves out the options of other kinds", () => {
    expect(trainingMethodOf({ loss: "mse", delta: 2 }).loss).toEqual({ kind: "mse" });
    expect(trainingMethodOf({ schedule: "linear", scheduleEvery: 5 }).schedule).toEqual({ kind: "linear" });
  });

  it("requires the steps between two falls of a falling rate", () => {
    expect(() => trainingMethodOf({ schedule: "exponential" })).toThrow(
      expect.objectContaining({ code: "usage", id: "schedule-needs-interval" }),
    );
  });

  it("takes a warm-up of no steps", () => {
    expect(trainingMethodOf({ warmup: 0 }).schedule).toEqual({ kind: "constant", warmup: 0 });
  });

  it.each([
    [{ loss: "hinge" }, /^loss is "hinge"; give one of cross-entropy, /],
    [{ warmup: -1 }, /^warmup is -1; give a whole number from 0 on$/],
    [{ labelSmoothing: 2 }, /^labelSmoothing is 2; /],
  ])("refuses %j", (options: object, message) => {
    expect(() => trainingMethodOf(options)).toThrow(
      expect.objectContaining({ id: "wrong-option-value", message: expect.stringMatching(message) }),
    );
  });

  it("knows the kinds that training knows", () => {
    expect(LOSSES).toEqual(TRAINING_METHOD.loss.choices);
    expect(OPTIMIZERS).toEqual(TRAINING_METHOD.optimizer.choices);
    expect(SCHEDULES).toEqual(TRAINING_METHOD.schedule.choices);
  });
});

describe("trainingSettingsOf", () => {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y)
    <float[2,2] w = {1, 2, 3, 4}, float[2] b = {0, 0}> { u = MatMul(x, w)  y = Add(u, b) }`);

  it("fills in the defaults that the library leaves to its callers", () => {
    const { freeze, train, ...settings } = trainingSettingsOf(model, { epochs: 2 });
    expect(settings).toEqual({
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "momentum" },
      schedule: { kind: "constant" },
      learningRate: 0.1,
      epochs: 2,
      decay: "weights",
      batchStatistics: "all",
    });
    expect(freeze?.("w")).toBe(false);
  });

  it("nests and translates what is given", () => {
    const { freeze, train, ...settings } = trainingSettingsOf(model, {
      optimizer: "adam",
      weightDecay: 0.1,
      clipNorm: 1,
      output: "y",
      batchSize: 8,
      seed: 3,
      threads: 2,
      steps: 5,
      freeze: ["w*"],
      train: ["b"],
      decay: "all",
      untie: ["w"],
      frozenStatistics: true,
    });
    expect(settings).toMatchObject({
      optimizer: { kind: "adam" },
      weightDecay: 0.1,
      clipNorm: 1,
      output: "y",
    });
    expect(settings).toMatchObject({ batchSize: 8, seed: 3, threads: 2, steps: 5 });
    expect(settings.batchStatistics).toBe("training");
    expect([freeze?.("w"), freeze?.("b"), train?.("w"), train?.("b")]).toEqual([true, false, false, true]);
    expect(settings).toMatchObject({ decay: "all", untie: ["w"] });
  });

  it("refuses what is out of its limits, and patterns that match nothing", () => {
    const id = (options: object) => {
      try {
        trainingSettingsOf(model, options);
      } catch (error) {
        return error instanceof NormfoldError ? error.id : error;
      }
      return undefined;
    };
    expect(id({ momentum: 1 })).toBe("wrong-option-value");
    expect(id({ learningRate: 0 })).toBe("wrong-option-value");
    expect(id({ freeze: ["q"] })).toBe("glob-matches-no-parameter");
    expect(id({ train: ["q"] })).toBe("glob-matches-no-parameter");
  });
});
