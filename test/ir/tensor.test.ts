import { describe, expect, it } from "vitest";
import type { DType } from "../../src/ir/dtype.js";
import { tensorFromBytes, tensorFromNumbers } from "../../src/ir/tensor.js";

const usage = (id: string, message: string): object =>
  expect.objectContaining({ code: "usage", id, message });

describe("tensorFromBytes", () => {
  it("takes as many bytes as the type and sizes do", () => {
    expect(tensorFromBytes("int4", [3], new Uint8Array(2)).size).toBe(3);
    expect(() => tensorFromBytes("float", [2, 2], new Uint8Array(12))).toThrow(
      usage("byte-count-differs", "the bytes for float[2,2] are 12; give 16"),
    );
  });
});

describe("tensorFromNumbers", () => {
  it.each<[DType, number[]]>([
    ["int8", [-128, 127]],
    ["uint8", [0, 255]],
    ["int4", [-8, 7, 3]],
    ["uint2", [0, 3, 1]],
    ["int32", [-(2 ** 31), 2 ** 31 - 1, -0]],
    ["int64", [-(2 ** 63), 2 ** 62]],
    ["uint64", [2 ** 63]],
    ["bool", [0, 1]],
    ["float16", [0.5, Number.POSITIVE_INFINITY]],
  ])("%s holds %j", (dtype, values) => {
    const held = [...tensorFromNumbers(dtype, [values.length], values).toFloat64()];
    expect(held).toEqual(values.map((value) => value + 0));
  });

  it.each<[DType, number]>([
    ["int8", 300],
    ["int8", 1.5],
    ["uint8", -1],
    ["int4", 8],
    ["uint2", 4],
    ["int32", 2 ** 31],
    ["int64", 2 ** 63],
    ["int64", 0.5],
    ["uint64", -1],
    ["int32", Number.NaN],
    ["bool", 2],
  ])("%s does not hold %d", (dtype, value) => {
    const message = `${value} does not fit ${dtype}; give integers in its range`;
    expect(() => tensorFromNumbers(dtype, [2], [1, value])).toThrow(usage("number-outside-type", message));
  });

  it("takes as many numbers as the sizes do", () => {
    const message = "the numbers for int4[2] are 1; give 2";
    expect(() => tensorFromNumbers("int4", [2], [1])).toThrow(usage("number-count-differs", message));
  });
});
