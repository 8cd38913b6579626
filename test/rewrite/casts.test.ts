import { describe, expect, it } from "vitest";
import type { DType } from "../../src/ir/dtype.js";
import { castNumber, isLossless } from "../../src/rewrite/casts.js";

describe("types that hold every value of another", () => {
  it.each<readonly [DType, DType, boolean]>([
    ["float16", "float", true],
    ["float", "float16", false],
    ["bool", "uint8", true],
    ["int32", "double", true],
    ["int32", "float", false],
    ["uint8", "int16", true],
    ["uint8", "int8", false],
    ["int8", "uint64", false],
    ["float", "int64", false],
    ["string", "float", false],
  ])("%s in %s: %s", (from, to, held) => {
    expect(isLossless(from, to)).toBe(held);
  });
});

describe("a number in another type", () => {
  it.each<readonly [number, DType, number | undefined]>([
    [-2.75, "int32", -2],
    [-0.5, "int8", 0],
    [255.9, "uint8", 255],
    [256, "uint8", undefined],
    [-1, "uint64", undefined],
    [2 ** 53, "int64", undefined],
    [Number.NaN, "int32", undefined],
    [Number.NaN, "bool", 1],
    [0.1, "float", 0.1],
    [1, "bfloat16", undefined],
  ])("%s as %s: %s", (number, to, cast) => {
    expect(castNumber(number, to)).toBe(cast);
  });
});
