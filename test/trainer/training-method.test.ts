import { describe, expect, it } from "vitest";
import { TRAINING_METHOD } from "../../src/options/train.js";
import { trainingMethodOf } from "../../src/trainer/training-method.js";
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

  it("knows the kinds that training knows", () => {
    expect(LOSSES).toEqual(TRAINING_METHOD.loss.choices);
    expect(OPTIMIZERS).toEqual(TRAINING_METHOD.optimizer.choices);
    expect(SCHEDULES).toEqual(TRAINING_METHOD.schedule.choices);
  });
});
