import { describe, expect, it } from "vitest";
import { precisionOf } from "../../src/runtime/inputs.js";
import { modelOf } from "../support/runtime.js";

describe("precisionOf", () => {
  it("is the coarsest type that is computed in, not one that is only stored", () => {
    const cast = "c = Cast<to: int = 1>(w) y = Add(x, c)";
    const stored = `g (float[2] x) => (float[2] y) <float16[2] w = {1, 2}> { ${cast} }`;
    expect(precisionOf(modelOf(stored))).toBe("float");
    const computed = `g (float[2] x) => (float[2] y) <float16[2] w = {1, 2}> { v = Neg(w) ${cast.replace("w", "v")} }`;
    expect(precisionOf(modelOf(computed))).toBe("float16");
    expect(precisionOf(modelOf("g (double[2] x) => (double[2] y) { y = Neg(x) }"))).toBe("double");
    expect(precisionOf(modelOf("g (int64[2] x) => (int64[2] y) { y = Neg(x) }"))).toBe("float");
  });
});
