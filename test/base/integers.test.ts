import { expect, it } from "vitest";
import { gcd, product } from "../../src/base/integers.js";

it("multiplies sizes, a scalar's to 1", () => {
  expect(product([2, 3, 4])).toBe(24);
  expect(product([5, 0])).toBe(0);
  expect(product([])).toBe(1);
});

it("finds the greatest common divisor", () => {
  expect(gcd(12, 18)).toBe(6);
  expect(gcd(7, 5)).toBe(1);
  expect(gcd(0, 4)).toBe(4);
});
