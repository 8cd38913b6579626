import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { MomentsAccumulator } from "../../src/batchnorm/moments.js";

const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean: [mean], variance: [variance], count: values.length };
};

describe("MomentsAccumulator", () => {
  const random = createRandom(2);
  const batches = [5, 5, 5].map((size) => Array.from({ length: size }, () => 1000 + random.normal()));
  const filled = new MomentsAccumulator(1);
  for (const batch of batches) filled.add(moments(batch));

  it("pooled, has the mean and variance of all elements at once", () => {
    const all = moments(batches.flat());
    const result = filled.result("pooled");
    expect(result.mean[0]).toBeCloseTo(all.mean[0] ?? NaN, 9);
    expect(result.variance[0]).toBeCloseTo(all.variance[0] ?? NaN, 9);
    expect([result.count, result.batches]).toEqual([15, 3]);
  });

  it("as in the paper, has the mean of means and of unbiased variances", () => {
    const each = batches.map(moments);
    const average = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    const result = filled.result("paper");
    expect(result.mean[0]).toBeCloseTo(average(each.map(({ mean }) => mean[0] ?? NaN)), 9);
    expect(result.variance[0]).toBeCloseTo(
      average(each.map(({ variance }) => ((variance[0] ?? NaN) * 5) / 4)),
      9,
    );
  });

  it("has standard errors from the second batch on", () => {
    const one = new MomentsAccumulator(1);
    one.add({ mean: [1], variance: [0], count: 4 });
    expect(one.result("pooled").standardError).toBeUndefined();
    one.add({ mean: [3], variance: [0], count: 4 });
    // The means 1 and 3 have deviation sqrt(2), and their mean sqrt(2) / sqrt(2).
    expect(one.result("pooled").standardError?.mean[0]).toBeCloseTo(1, 12);
    expect(one.result("pooled").variance[0]).toBeCloseTo(1, 12);
  });
});
