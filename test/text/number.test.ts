import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32Text, float64Text } from "../../src/text/number.js";

describe("numbers", () => {
  test.each([
    [0.1, "0.1"],
    [1, "1.0"],
    [-0, "-0.0"],
    [16777216, "16777216.0"],
    [1e10, "10000000000.0"],
    [3.4028234663852886e38, "3.4028235e+38"],
    [1.401298464324817e-45, "1e-45"],
    [1.1754943508222875e-38, "1.1754944e-38"],
    [1 / 3, "0.33333334"],
    [Number.NaN, "nan"],
    [-Infinity, "-inf"],
  ])("float32 %d is %s", (value, text) => {
    expect(float32Text(value)).toBe(text);
  });

  test("float32 text gives the float32 back, with 9 digits at most", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const text = float32Text(value);
        if (!Number.isFinite(value)) return;
        expect(Object.is(Math.fround(Number(text)), value)).toBe(true);
        expect(text).toMatch(/[.e]/);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  test("float64 text gives the float64 back", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(float64Text(value)), value)).toBe(true);
      }),
      { seed: 3 },
    );
  });
});
