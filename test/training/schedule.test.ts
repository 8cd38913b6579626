import { describe, expect, it } from "vitest";
import { learningRateAt, type Schedule } from "../../src/training/schedule.js";

describe("learningRateAt", () => {
  it.each<[Schedule, readonly number[]]>([
    [{ kind: "constant", warmup: 2 }, [0.5, 1, 1, 1, 1]],
    [{ kind: "step", every: 2 }, [1, 1, 0.1, 0.1, 0.01]],
    [{ kind: "exponential", every: 2, factor: 0.25 }, [1, 0.5, 0.25, 0.125, 0.0625]],
    [{ kind: "cosine" }, [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2, 0]],
    [{ kind: "linear", warmup: 1 }, [1, 1, 2 / 3, 1 / 3, 0]],
  ])("%j", (schedule, rates) => {
    rates.forEach((rate, step) => {
      expect(learningRateAt(schedule, 1, step, 4)).toBeCloseTo(rate, 12);
    });
  });
});
