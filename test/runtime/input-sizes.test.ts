import { describe, expect, it } from "vitest";
import type { Dim } from "../../src/ir/type.js";
import { dimsOf, guesses, otherSizes, symbolKey } from "../../src/runtime/input-sizes.js";
import type { InputSpec } from "../../src/runtime/inputs.js";

const input = (name: string, shape: readonly Dim[], dtype: InputSpec["dtype"] = "float"): InputSpec => {
  return { name, dtype, shape, demand: () => undefined };
};

/** The first guesses, or all where there are fewer. */
function first(
  inputs: readonly InputSpec[],
  count: number,
): [sizes: Record<string, number>, integers: string][] {
  const found: [Record<string, number>, string][] = [];
  for (const { sizes, integers } of guesses(inputs, 0)) {
    found.push([Object.fromEntries(sizes), integers]);
    if (found.length === count) break;
  }
  return found;
}

describe("sizes of generated inputs", () => {
  it("are one for each symbol, and one for each axis without a name", () => {
    const x = input("x", ["N", undefined, 3]);
    expect(symbolKey(x, 0)).toBe("N");
    expect(symbolKey(x, 1)).toBe("x[1]");
    expect(dimsOf(x, new Map([["x[1]", 7]]))).toEqual([1, 7, 3]);
  });

  it("are tried at their likeliest first, then with other sources of integers", () => {
    const inputs = [input("x", ["N", "T"], "int64")];
    expect(first(inputs, 2)).toEqual([
      [{ N: 1, T: 8 }, "hinted"],
      [{ N: 2, T: 16 }, "hinted"],
    ]);
    expect(new Set(first(inputs, 56).map(([, integers]) => integers))).toEqual(
      new Set(["hinted", "demanded", "ones", "zeros"]),
    );
  });

  it("end where there is nothing to choose, and go on for ever with two symbols", () => {
    expect(first([input("x", [2, 3])], 100)).toHaveLength(1);
    expect(first([input("x", ["N", "T"])], 500)).toHaveLength(500);
  });

  it("are others the second time, no two alike", () => {
    const image = input("x", ["N", 3, "H", "W"]);
    const sizes = new Map([
      ["N", 1],
      ["H", 32],
      ["W", 32],
    ] as const);
    expect(Object.fromEntries(otherSizes([image], sizes))).toEqual({ N: 3, H: 64, W: 96 });
    const length = new Map([
      ["N", 2],
      ["T", 5],
    ] as const);
    expect(Object.fromEntries(otherSizes([input("x", ["N", "T"])], length))).toEqual({ N: 4, T: 7 });
  });
});
