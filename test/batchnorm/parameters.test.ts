import { describe, expect, it } from "vitest";
import { freshParameters, identityParameters } from "../../src/batchnorm/parameters.js";

describe("identityParameters", () => {
  const statistics = { mean: Float64Array.of(1, -2), variance: Float64Array.of(4, 0.25) };
  const normalized = (
    x: number,
    c: number,
    p: ReturnType<typeof identityParameters>,
    epsilon: number,
  ): number =>
    ((p.scale[c] ?? NaN) * (x - (p.mean[c] ?? NaN))) / Math.sqrt((p.variance[c] ?? NaN) + epsilon) +
    (p.bias[c] ?? NaN);

  it("leave every value as it is", () => {
    const parameters = identityParameters("n", "float", 1e-5, statistics, undefined);
    for (const c of [0, 1])
      for (const x of [-3, 0, 7]) expect(normalized(x, c, parameters, 1e-5)).toBeCloseTo(x, 5);
  });

  it("take the layer's bias over", () => {
    const parameters = identityParameters("n", "double", 1e-3, statistics, Float64Array.of(0.5, -1));
    expect([...parameters.mean]).toEqual([0.5, -1]);
    // The layer now gives x without its bias, and the normalization adds it again.
    for (const [c, bias] of [0.5, -1].entries()) {
      expect(normalized(3, c, parameters, 1e-3)).toBeCloseTo(3 + bias, 12);
    }
  });

  it("throw where the type cannot hold a statistic", () => {
    const wide = { mean: Float64Array.of(1e6), variance: Float64Array.of(1) };
    expect(() => identityParameters("n", "float16", 1e-5, wide, undefined)).toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  });
});

it("freshParameters are gamma 1, and beta the bias", () => {
  const { scale, bias, mean, variance } = freshParameters(2, Float64Array.of(3, 4));
  expect([...scale, ...bias, ...mean, ...variance]).toEqual([1, 1, 3, 4, 0, 0, 1, 1]);
  expect([...freshParameters(1, undefined).bias]).toEqual([0]);
});
