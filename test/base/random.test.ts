import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";

describe("createRandom", () => {
  it("gives the same sequence for a seed on every machine", () => {
    const random = createRandom(1);
    expect([random.uniform(), random.uniform(), random.uniform()]).toEqual([
      0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
    ]);
    expect(createRandom(2).uniform()).not.toBe(createRandom(1).uniform());
  });

  it("is uniform, normal and whole as it says", () => {
    const random = createRandom(7);
    const count = 20_000;
    const uniforms = Array.from({ length: count }, () => random.uniform());
    expect(uniforms.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(uniforms.reduce((sum, value) => sum + value, 0) / count).toBeCloseTo(0.5, 1);
    const normals = Array.from({ length: count }, () => random.normal());
    expect(normals.reduce((sum, value) => sum + value, 0) / count).toBeCloseTo(0, 1);
    expect(normals.reduce((sum, value) => sum + value ** 2, 0) / count).toBeCloseTo(1, 1);
    const whole = new Set(Array.from({ length: 500 }, () => random.integer(-2, 3)));
    expect([...whole].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });
});
