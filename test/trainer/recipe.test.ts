import { describe, expect, it } from "vitest";
import { RECIPE } from "../../src/options/train.js";
import { recipeOf } from "../../src/trainer/recipe.js";
import { LOSSES } from "../../src/training/loss.js";
import { OPTIMIZERS } from "../../src/training/optimizer.js";
import { SCHEDULES } from "../../src/training/schedule.js";

describe("recipeOf", () => {
  it("has the defaults of the table", () => {
    expect(recipeOf({})).toEqual({
      loss: { kind: "cross-entropy" },
      optimizer: { kind: "momentum" },
      schedule: { kind: "constant" },
    });
  });

  it("nests the options of each loss and schedule by kind", () => {
    const { loss } = recipeOf({ classWeights: [1, 2], ignoreIndex: -1, labelSmoothing: 0.1 });
    expect(loss).toEqual({
      kind: "cross-entropy",
      classWeights: [1, 2],
      ignoreIndex: -1,
      labelSmoothing: 0.1,
    });
    expect(recipeOf({ loss: "huber", delta: 2 }).loss).toEqual({ kind: "huber", delta: 2 });
    expect(recipeOf({ loss: "huber" }).loss).toEqual({ kind: "huber" });
    const { schedule } = recipeOf({ schedule: "step", scheduleEvery: 5, scheduleFactor: 0.5, warmup: 3 });
    expect(schedule).toEqual({ kind: "step", every: 5, factor: 0.5, warmup: 3 });
    expect(recipeOf({ schedule: "cosine", warmup: 3 }).schedule).toEqual({ kind: "cosine", warmup: 3 });
  });

  it("leaves out what another kind would have", () => {
    expect(recipeOf({ loss: "mse", delta: 2 }).loss).toEqual({ kind: "mse" });
    expect(recipeOf({ schedule: "linear", scheduleEvery: 5 }).schedule).toEqual({ kind: "linear" });
  });

  it("wants to know when a falling rate falls", () => {
    expect(() => recipeOf({ schedule: "exponential" })).toThrow(
      expect.objectContaining({ code: "usage", id: "schedule-needs-interval" }),
    );
  });

  it("knows the kinds that training knows", () => {
    expect(LOSSES).toEqual(RECIPE.loss.choices);
    expect(OPTIMIZERS).toEqual(RECIPE.optimizer.choices);
    expect(SCHEDULES).toEqual(RECIPE.schedule.choices);
  });
});
