import { describe, expect, it } from "vitest";
import { compareTensors, countBeyond } from "../../src/runtime/compare.js";
import { tensor } from "../support/runtime.js";

const row = (values: number[], dtype: "float" | "double" | "float16" | "int64" = "float") =>
  tensor(dtype, [values.length], values);

describe("compareTensors", () => {
  it("finds nothing where NaN, infinities and zeros of either sign are alike", () => {
    const a = row([Number.NaN, Infinity, -Infinity, 0, 1]);
    const result = compareTensors(a, row([Number.NaN, Infinity, -Infinity, -0, 1]));
    expect(result).toMatchObject({
      differing: 0,
      nonFinite: 0,
      maxAbsolute: 0,
      maxUlp: 0,
      scale: 1,
      cosine: 1,
    });
  });

  it("counts a NaN or an infinity that only one side has, and keeps the figures finite", () => {
    const result = compareTensors(row([1, 2, 3, Infinity]), row([Number.NaN, 2, 3, -Infinity]));
    expect(result).toMatchObject({ differing: 2, nonFinite: 2, maxAbsolute: 0 });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("measures absolute, relative and angle", () => {
    const result = compareTensors(row([3, 4, 0]), row([4, 3, 0]));
    expect(result).toMatchObject({ differing: 2, maxAbsolute: 1, maxRelative: 0.25, scale: 4 });
    expect(result.cosine).toBeCloseTo(24 / 25, 12);
  });

  it.each([
    ["float", 1 + 2 ** -23, 1, 1],
    ["float", 2 ** -149, -(2 ** -149), 2],
    ["float16", 1 + 2 ** -9, 1, 2],
    ["double", 1 + 2 ** -50, 1, 4],
  ] as const)("counts %s units in the last place", (dtype, a, b, ulp) => {
    expect(compareTensors(row([a], dtype), row([b], dtype)).maxUlp).toBe(ulp);
  });

  it("tells 64-bit integers apart that are one float64", () => {
    const of = (value: bigint) => ({
      dtype: "int64" as const,
      dims: [1],
      data: new Uint8Array(BigInt64Array.of(value).buffer),
    });
    expect(compareTensors(of(2n ** 60n), of(2n ** 60n + 1n)).differing).toBe(1);
    expect(compareTensors(of(2n ** 60n), of(2n ** 60n)).differing).toBe(0);
  });

  it("says how often the top class agrees", () => {
    const a = tensor("float", [3, 2], [1, 2, 2, 1, 5, 5]);
    expect(compareTensors(a, tensor("float", [3, 2], [1, 3, 1, 2, 4, 5])).topAgreement).toBeCloseTo(2 / 3);
    expect(compareTensors(row([1, 2]), row([1, 2])).topAgreement).toBeUndefined();
  });

  it("does not compare other shapes and types", () => {
    expect(compareTensors(row([1, 2]), tensor("float", [2, 1], [1, 2])).mismatch).toBe(
      "float[2] became float[2,1]",
    );
    expect(compareTensors(row([1]), row([1], "double")).mismatch).toBe("float[1] became double[1]");
  });

  it("counts strings that differ", () => {
    const words = (data: string[]) => ({ dtype: "string" as const, dims: [data.length], data });
    expect(compareTensors(words(["a", "b"]), words(["a", "c"]))).toMatchObject({ differing: 1, size: 2 });
  });

  it("counts elements beyond a tolerance", () => {
    expect(countBeyond(row([1, 2, 3, Number.NaN]), row([1, 2.5, 3.1, 1]), 0.2)).toBe(2);
    expect(countBeyond(row([100, 1]), row([101, 1.5]), 0, 0.01)).toBe(1);
  });

  it("counts 64-bit integers beyond a tolerance that float64 cannot tell apart", () => {
    const wide = (last: bigint) => ({
      dtype: "int64" as const,
      dims: [2],
      data: new Uint8Array(new BigInt64Array([7n, last]).buffer),
    });
    const [a, b] = [wide(2n ** 53n), wide(2n ** 53n + 1n)];
    expect(compareTensors(a, b).differing).toBe(1);
    expect(countBeyond(a, b, 0)).toBe(1);
    expect(countBeyond(a, b, 1)).toBe(0);
    expect(countBeyond(a, a, 0)).toBe(0);
  });
});
