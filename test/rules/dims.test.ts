import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  broadcastDim,
  ceilDiv,
  differentDim,
  dimKey,
  exactDiv,
  floorDiv,
  leastOf,
  type MaybeDim,
  max,
  min,
  mul,
  type SymDim,
  sameDim,
  sub,
  symbol,
  unknownSymbol,
} from "../../src/rules/dims.js";
import { evaluateDim } from "../../src/rules/model-dims.js";

const [n, h, w] = [symbol("N"), symbol("H"), symbol("W")];
const text = (dim: MaybeDim): string => (dim === undefined ? "unknown" : dimKey(dim));

describe("canonical text", () => {
  const cases: readonly (readonly [MaybeDim, string])[] = [
    [add(n, 0), "N"],
    [add(add(n, h), n), "H + 2*N"],
    [sub(add(n, 3), n), "3"],
    [sub(3, n), "-N + 3"],
    [mul(add(n, 1), sub(n, 1)), "N*N - 1"],
    [mul(n, 0), "0"],
    [floorDiv(mul(n, 6), 3), "2*N"],
    [floorDiv(add(mul(n, 4), 3), 2), "2*N + 1"],
    [floorDiv(h, 2), "floor(H/2)"],
    [ceilDiv(h, 2), "floor((H + 1)/2)"],
    [add(floorDiv(sub(h, 1), 2), 1), "floor((H + 1)/2)"],
    [floorDiv(floorDiv(h, 2), 3), "floor(H/6)"],
    [floorDiv(add(floorDiv(add(h, 1), 2), 1), 2), "floor((H + 3)/4)"],
    [floorDiv(mul(h, 3), 6), "floor(H/2)"],
    [floorDiv(h, w), "floor(H/W)"],
    [floorDiv(mul(h, w), w), "H"],
    [exactDiv(mul(mul(n, h), 12), mul(n, 4)), "3*H"],
    [exactDiv(h, 2), "unknown"],
    [max(sub(h, 3), 0), "max(0, H - 3)"],
    [max(add(h, 3), h), "H + 3"],
    [max(h, 0), "H"],
    [min(max(h, w), max(w, h)), "max(H, W)"],
    [symbol("2*N"), "'2*N'"],
    [floorDiv(h, 0), "unknown"],
    [mul(2 ** 40, 2 ** 40), "unknown"],
    [add(undefined, 1), "unknown"],
  ];
  it.each(cases.map(([dim, expected]) => [expected, text(dim)]))("%s", (expected, actual) => {
    expect(actual).toBe(expected);
  });

  it("gives up on expressions that grow too large", () => {
    let sum: MaybeDim = 0;
    for (let i = 0; i < 20; i++) sum = add(sum, symbol(`some_rather_long_name_${i}`));
    expect(sum).toBeUndefined();
    expect(add(sum, 1)).toBeUndefined();
  });
});

describe("proofs", () => {
  it("proves equality only of equal expressions", () => {
    expect(sameDim(mul(2, n), add(n, n))).toBe(true);
    expect(sameDim(n, h)).toBe(false);
    expect(sameDim(unknownSymbol(1), unknownSymbol(1))).toBe(true);
    expect(sameDim(unknownSymbol(1), unknownSymbol(2))).toBe(false);
    expect(sameDim(undefined, undefined)).toBe(false);
    expect(sameDim(symbol("?1"), unknownSymbol(1))).toBe(false);
  });
  it("proves difference by a constant distance or a bound", () => {
    expect(differentDim(n, add(n, 1))).toBe(true);
    expect(differentDim(3, 4)).toBe(true);
    expect(differentDim(add(n, 5), 4)).toBe(true);
    expect(differentDim(n, h)).toBe(false);
  });
  it("bounds", () => {
    expect(leastOf(add(mul(n, 3), 2))).toBe(2);
    expect(leastOf(sub(2, n))).toBe(Number.NEGATIVE_INFINITY);
    expect(leastOf(unknownSymbol(0, Number.NEGATIVE_INFINITY))).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("broadcasting", () => {
  const cases: readonly (readonly [MaybeDim, MaybeDim, string])[] = [
    [3, 3, "3"],
    [1, 5, "5"],
    [n, 1, "N"],
    [n, n, "N"],
    [n, 5, "5"],
    [n, undefined, "unknown"],
    [add(n, 2), undefined, "N + 2"],
    [n, h, "broadcast(H, N)"],
    [add(n, 2), h, "N + 2"],
    [0, 1, "0"],
  ];
  it.each(cases.map(([a, b, result]) => [text(a), text(b), result, broadcastDim(a, b)] as const))(
    "%s and %s give %s",
    (_a, _b, expected, dim) => {
      expect(dim === "mismatch" ? dim : text(dim)).toBe(expected);
    },
  );
  it("finds sizes that cannot broadcast", () => {
    expect(broadcastDim(3, 5)).toBe("mismatch");
  });
});

/** An expression and the number that it must come to under `sizes`. */
interface Pair {
  readonly dim: SymDim;
  readonly value: number;
}

describe("arithmetic", () => {
  const names = ["N", "H", "W"];
  const step = fc.tuple(
    fc.constantFrom("add", "sub", "mul", "floor", "ceil", "max", "min"),
    fc.nat(20),
    fc.nat(20),
    fc.integer({ min: 1, max: 7 }),
  );

  it("agrees with numbers for all sizes", () => {
    const property = fc.property(
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 3, maxLength: 3 }),
      fc.array(step, { maxLength: 12 }),
      (numbers, steps) => {
        const sizes = new Map(names.map((name, i) => [name, numbers[i] ?? 0]));
        const pool: Pair[] = names.map((name, i) => ({ dim: symbol(name), value: numbers[i] ?? 0 }));
        for (const [kind, i, j, constant] of steps) {
          const a = pool[i % pool.length];
          const b = j % 2 === 0 ? pool[j % pool.length] : { dim: constant, value: constant };
          if (a === undefined || b === undefined) continue;
          const [dim, value] = compute(kind, a, b, constant);
          // Adding 0 makes -0 a plain zero.
          if (dim !== undefined && Math.abs(value) < 2 ** 40) pool.push({ dim, value: value + 0 });
        }
        for (const { dim, value } of pool) {
          expect(evaluateDim(dim, sizes)).toBe(value);
          expect(leastOf(dim)).toBeLessThanOrEqual(value);
        }
        for (const a of pool) for (const b of pool) if (sameDim(a.dim, b.dim)) expect(a.value).toBe(b.value);
      },
    );
    fc.assert(property, { seed: 7, numRuns: 500 });
  });

  function compute(kind: string, a: Pair, b: Pair, constant: number): readonly [MaybeDim, number] {
    switch (kind) {
      case "add":
        return [add(a.dim, b.dim), a.value + b.value];
      case "sub":
        return [sub(a.dim, b.dim), a.value - b.value];
      case "mul":
        return [mul(a.dim, b.dim), a.value * b.value];
      case "floor":
        return [floorDiv(a.dim, constant), Math.floor(a.value / constant)];
      case "ceil":
        return [ceilDiv(a.dim, constant), Math.ceil(a.value / constant)];
      case "max":
        return [max(a.dim, b.dim), Math.max(a.value, b.value)];
      default:
        return [min(a.dim, b.dim), Math.min(a.value, b.value)];
    }
  }
});
