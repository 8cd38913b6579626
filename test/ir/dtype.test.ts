import { describe, expect, it } from "vitest";
import { unitOf } from "../../src/ir/dtype.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";

describe("unitOf", () => {
  it.each(["double", "float", "float16", "bfloat16"] as const)("is the step above 1 of %s", (dtype) => {
    const stored = (value: number): number =>
      decodeNumbers(dtype, encodeNumbers(dtype, [value]), 1)[0] ?? NaN;
    const unit = unitOf(dtype);
    expect(stored(1 + unit)).toBe(1 + unit);
    expect(stored(1 + unit / 2)).toBe(1);
  });
});
