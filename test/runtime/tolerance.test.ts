import { describe, expect, it } from "vitest";
import type { Numerics } from "../../src/base/numerics.js";
import type { DType } from "../../src/ir/dtype.js";
import { encodeNumbers } from "../../src/ir/tensor.js";
import { compareTensors } from "../../src/runtime/compare.js";
import { coarsest, judge, type Noise, noiseOf } from "../../src/runtime/tolerance.js";

const tensor = (values: readonly number[], dtype: DType = "float") => ({
  dtype,
  dims: [values.length],
  data: encodeNumbers(dtype, values),
});

async function verdict(
  a: ReturnType<typeof tensor>,
  b: ReturnType<typeof tensor>,
  numerics: Numerics = "rounding",
  noises: readonly Noise[] = [],
): Promise<{ verdict: string; asked: number }> {
  let asked = 0;
  const judgement = await judge(a, b, compareTensors(a, b), numerics, "float", async function* () {
    for (const noise of noises) {
      asked++;
      yield noise;
    }
  });
  return { verdict: judgement.verdict, asked };
}

describe("judge", () => {
  const a = tensor([1, 2]);

  it("allows exact rewrites no difference at all", async () => {
    expect(await verdict(a, tensor([1, 2]), "exact")).toEqual({ verdict: "equal", asked: 0 });
    expect(await verdict(a, tensor([1, 2.0000002]), "exact")).toEqual({ verdict: "differs", asked: 0 });
  });

  it("allows roundings a few units of the largest number, without measuring noise", async () => {
    expect(await verdict(a, tensor([1.000002, 2]))).toEqual({ verdict: "equal", asked: 0 });
    expect((await verdict(a, tensor([1.01, 2]))).verdict).toBe("differs");
  });

  it("allows eight times the movement by the original's own rounding, and requests no more noise than needed", async () => {
    const noise = noiseOf(a, [tensor([1.0004, 2])]);
    expect(noise.movement).toBeCloseTo(2e-4, 6);
    expect(await verdict(a, tensor([1.002, 2]), "rounding", [noise, noise])).toEqual({
      verdict: "equal",
      asked: 1,
    });
    expect((await verdict(a, tensor([1.02, 2]), "rounding", [noise, noise])).verdict).toBe("differs");
  });

  it("allows approximations one percent", async () => {
    expect((await verdict(a, tensor([1.01, 2]), "approximate")).verdict).toBe("equal");
    expect((await verdict(a, tensor([1.1, 2]), "approximate")).verdict).toBe("differs");
  });

  it("never counts NaN as rounding, but judges no output that rounding itself makes NaN", async () => {
    const broken = tensor([Number.NaN, 2]);
    expect((await verdict(a, broken)).verdict).toBe("differs");
    const unstable = noiseOf(a, [broken]);
    expect(unstable.unstable).toBe(true);
    expect((await verdict(a, broken, "rounding", [unstable])).verdict).toBe("unjudged");
  });

  it("lets no integer differ that rounding does not flip", async () => {
    const classes = tensor([3, 4], "int64");
    expect((await verdict(classes, tensor([3, 5], "int64"))).verdict).toBe("differs");
    expect((await verdict(classes, tensor([3, 4], "int64"))).verdict).toBe("equal");
  });
});

it("the coarsest type of a computation is the one of the fewest digits", () => {
  expect(coarsest(["double", "float16", "float", "int64"])).toBe("float16");
  expect(coarsest(["float16", "bfloat16"])).toBe("bfloat16");
  expect(coarsest(["int64"])).toBe("float");
});
