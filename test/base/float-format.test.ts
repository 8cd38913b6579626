import { describe, expect, it } from "vitest";
import {
  BFLOAT16,
  decodeFloat,
  decodeHalf,
  encodeFloat,
  encodeHalf,
  FLOAT4E2M1,
  FLOAT8E4M3FN,
  FLOAT8E4M3FNUZ,
  FLOAT8E5M2,
  FLOAT8E5M2FNUZ,
  FLOAT16,
  type FloatFormat,
} from "../../src/base/float-format.js";

const FORMATS: Readonly<Record<string, FloatFormat>> = {
  FLOAT16,
  BFLOAT16,
  FLOAT8E4M3FN,
  FLOAT8E4M3FNUZ,
  FLOAT8E5M2,
  FLOAT8E5M2FNUZ,
  FLOAT4E2M1,
};

describe("every pattern of each format", () => {
  it.each(Object.entries(FORMATS))("%s comes back", (_, format) => {
    const patterns = 2 ** (1 + format.exponentBits + format.mantissaBits);
    for (let bits = 0; bits < patterns; bits++) {
      const value = decodeFloat(format, bits);
      if (Number.isNaN(value))
        expect(Number.isNaN(decodeFloat(format, encodeFloat(format, value)))).toBe(true);
      else expect(encodeFloat(format, value)).toBe(bits);
    }
  });

  it.each(Object.entries(FORMATS))("%s has its largest number", (_, format) => {
    const patterns = 2 ** (1 + format.exponentBits + format.mantissaBits);
    const values = Array.from({ length: patterns }, (__, bits) => decodeFloat(format, bits));
    const largest = values.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, value) : most),
      0,
    );
    expect(largest).toBe(format.max);
  });
});

describe("rounding", () => {
  it("goes to the nearest, ties to even, once", () => {
    const half = (x: number): number => decodeFloat(FLOAT16, encodeFloat(FLOAT16, x));
    expect(half(1 + 2 ** -11)).toBe(1);
    expect(half(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    // Through float32 it would be a tie, and go down.
    expect(half(1 + 2 ** -11 + 2 ** -40)).toBe(1 + 2 ** -10);
    expect(half(2 ** -24)).toBe(2 ** -24);
    expect(half(2 ** -25)).toBe(0);
    expect(half(65519)).toBe(65504);
  });

  it("overflows as the format says", () => {
    expect(decodeFloat(FLOAT16, encodeFloat(FLOAT16, 65520))).toBe(Number.POSITIVE_INFINITY);
    expect(decodeFloat(FLOAT16, encodeFloat(FLOAT16, -1e9))).toBe(Number.NEGATIVE_INFINITY);
    expect(decodeFloat(FLOAT8E4M3FN, encodeFloat(FLOAT8E4M3FN, 1e4))).toBeNaN();
    expect(decodeFloat(FLOAT8E5M2FNUZ, encodeFloat(FLOAT8E5M2FNUZ, Number.POSITIVE_INFINITY))).toBeNaN();
    expect(decodeFloat(FLOAT4E2M1, encodeFloat(FLOAT4E2M1, -100))).toBe(-6);
  });

  it("keeps the sign of zero where there is one", () => {
    expect(decodeFloat(FLOAT16, encodeFloat(FLOAT16, -0))).toBe(-0);
    expect(encodeFloat(FLOAT8E4M3FNUZ, -0)).toBe(0);
    expect(encodeFloat(FLOAT8E4M3FNUZ, -1e-9)).toBe(0);
  });
});

it("the table of halves agrees with decoding", () => {
  for (const bits of [0, 1, 0x3c00, 0x7bff, 0x7c00, 0x8001, 0xfbff, 0xfc00]) {
    expect(decodeHalf(bits)).toBe(decodeFloat(FLOAT16, bits));
  }
  expect(decodeHalf(0x7e00)).toBeNaN();
});

describe("binary16 by its bits", () => {
  it("is what the general way gives: patterns, the middles between them, and their neighbours", () => {
    const wrong: number[] = [];
    const same = (x: number): void => {
      for (const each of [x, -x]) if (encodeHalf(each) !== encodeFloat(FLOAT16, each)) wrong.push(each);
    };
    for (let bits = 0; bits < 0x7c00; bits++) {
      const [value, next] = [decodeFloat(FLOAT16, bits), decodeFloat(FLOAT16, bits + 1)];
      const middle = next === Infinity ? 65520 : (value + next) / 2;
      for (const x of [value, middle, middle * (1 + 2 ** -52), middle * (1 - 2 ** -53)]) same(x);
    }
    for (const x of [0, NaN, Infinity, 1e300, 5e-324, 2 ** -25, 2 ** -26, 65519.99, 65520]) same(x);
    expect(wrong).toEqual([]);
    expect(Object.is(decodeHalf(encodeHalf(-0)), -0)).toBe(true);
  });
});
