import { describe, expect, it } from "vitest";
import { differ, differBytes, differLists, differNamed, differOptional } from "../../src/ir/differ.js";

describe("differences", () => {
  it("of plain values, where 0 is not -0 and NaN is NaN", () => {
    expect(differ("a", Number.NaN, Number.NaN)).toBeUndefined();
    expect(differ("a", 0, -0)).toBe("a: 0, 0");
    expect(differ("a", "x", undefined)).toBe("a: x, undefined");
  });

  it("of bytes, where none are no bytes", () => {
    expect(differBytes("a", undefined, new Uint8Array())).toBeUndefined();
    expect(differBytes("a", Uint8Array.of(1), Uint8Array.of(2))).toBe("a: 1 bytes, 1 others");
  });

  it("of lists, by the first place that differs", () => {
    expect(differLists("a", [1, 2], [1, 2], differ)).toBeUndefined();
    expect(differLists("a", [1, 2, 3], [1, 5, 6], differ)).toBe("a[1]: 2, 5");
    expect(differLists("a", [1], [1, 2], differ)).toBe("a: 1, 2 of them");
  });

  it("of names, in any order", () => {
    const [a, b] = [
      new Map([
        ["x", 1],
        ["y", 2],
      ]),
      new Map([
        ["y", 2],
        ["x", 1],
      ]),
    ];
    expect(differNamed("a", a, b, differ)).toBeUndefined();
    expect(differNamed("a", a, new Map([["x", 1]]), differ)).toBe('a: "y" is only in the first');
    expect(differNamed("a", new Map(), a, differ)).toBe('a: "x" is only in the second');
    expect(
      differNamed(
        "a",
        a,
        new Map([
          ["x", 3],
          ["y", 2],
        ]),
        differ,
      ),
    ).toBe('a "x": 1, 3');
  });

  it("of optional values", () => {
    expect(differOptional<number>("a", undefined, undefined, differ)).toBeUndefined();
    expect(differOptional("a", 1, undefined, differ)).toBe("a: only in the first");
    expect(differOptional("a", 1, 2, differ)).toBe("a: 1, 2");
  });
});
