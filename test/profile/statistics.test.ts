import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { median, medianInterval, quantile } from "../../src/profile/statistics.js";

describe("statistics", () => {
  it("interpolate between values", () => {
    expect([quantile([4, 1, 2, 3], 0.25), median([4, 1, 2, 3]), median([5, 1, 2])]).toEqual([1.75, 2.5, 2]);
    expect(median([])).toBe(0);
  });

  it("give an interval that holds the median in 95 of 100 cases, whatever the distribution", () => {
    const random = createRandom(1);
    for (const count of [5, 9, 25]) {
      let held = 0;
      for (let trial = 0; trial < 2000; trial++) {
        // Squares of uniform numbers, whose median is 1/4.
        const [low, high] = medianInterval(Array.from({ length: count }, () => random.uniform() ** 2));
        if (low <= 0.25 && 0.25 <= high) held++;
      }
      expect(held / 2000, `${count} values`).toBeGreaterThan(0.92);
    }
  });
});
