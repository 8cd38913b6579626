import { describe, expect, it } from "vitest";
import { type Bounds, judgeWithin } from "../../src/runtime/bounds.js";
import { compareTensors } from "../../src/runtime/compare.js";
import type { Judgement } from "../../src/runtime/tolerance.js";
import { tensor } from "../support/runtime.js";

function judged(
  dtype: "float" | "int32",
  a: readonly number[],
  b: readonly number[],
  bounds: Bounds,
): Judgement {
  const [x, y] = [tensor(dtype, [a.length], a), tensor(dtype, [b.length], b)];
  return judgeWithin(x, y, compareTensors(x, y), bounds);
}

describe("a tolerance that is given", () => {
  it("is absolute, relative to the original's element, or both", () => {
    expect(judged("float", [100, 0], [100.5, 0], { atol: 0.5, rtol: 0 }).verdict).toBe("equal");
    expect(judged("float", [100, 0], [101, 0], { atol: 0, rtol: 0.01 }).verdict).toBe("equal");
    expect(judged("float", [100, 0], [101, 0.25], { atol: 0, rtol: 0.01 }).verdict).toBe("differs");
    expect(judged("float", [100, 0], [101.5, 0.25], { atol: 0.5, rtol: 0.01 }).verdict).toBe("equal");
  });

  it("says how many elements are past it, and what it was", () => {
    expect(judged("float", [1, 2, 3], [1, 2.5, 3.5], { atol: 0.25, rtol: 0 })).toMatchObject({
      verdict: "differs",
      reason: "2 of 3 elements differ by up to 5.0e-1, beyond atol 0.25 and rtol 0",
      tolerance: { absolute: 0.25, relative: 0, why: "atol 0.25 and rtol 0, as given" },
    });
  });

  it("covers no NaN and no infinity that only one has, however wide it is", () => {
    const wide = { atol: 1e9, rtol: 1 };
    const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
    expect(judged("float", [inf, nan], [inf, nan], { atol: 0, rtol: 0 }).verdict).toBe("equal");
    expect(judged("float", [inf], [1], wide).verdict).toBe("differs");
    expect(judged("float", [1], [nan], wide).verdict).toBe("differs");
    expect(judged("float", [inf], [-inf], wide).verdict).toBe("differs");
  });

  it("holds for whole numbers by whole steps, and never for texts and other sizes", () => {
    expect(judged("int32", [5], [6], { atol: 0.5, rtol: 0 }).verdict).toBe("differs");
    expect(judged("int32", [5], [6], { atol: 1, rtol: 0 }).verdict).toBe("equal");
    expect(judged("float", [5], [5, 5], { atol: 9, rtol: 9 }).reason).toBe("float[1] became float[2]");
    const [a, b] = [["x"], ["y"]].map((data) => ({ dtype: "string" as const, dims: [1], data }));
    if (a === undefined || b === undefined) throw new Error("no tensors");
    expect(judgeWithin(a, b, compareTensors(a, b), { atol: 9, rtol: 9 }).verdict).toBe("differs");
    const [even, odd] = [2n ** 60n, 2n ** 60n + 1n].map((value) => ({
      dtype: "int64" as const,
      dims: [1],
      data: new Uint8Array(new BigInt64Array([value]).buffer),
    }));
    if (even === undefined || odd === undefined) throw new Error("no tensors");
    expect(judgeWithin(even, odd, compareTensors(even, odd), { atol: 0, rtol: 0 }).verdict).toBe("differs");
  });
});
