import { describe, expect, it } from "vitest";
import { erf } from "../../src/float64/special.js";

describe("erf", () => {
  it("knows the error function to fifteen digits", () => {
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15);
    expect(erf(-1)).toBeCloseTo(-0.8427007929497149, 15);
    expect(erf(2.5)).toBeCloseTo(0.999593047982555, 15);
    expect(1 - erf(3)).toBeCloseTo(2.20904969985854e-5, 15);
    expect([erf(0), erf(10), erf(-Infinity)]).toEqual([0, 1, -1]);
  });
});
