import { describe, expect, it } from "vitest";
import { kebabCase, lazyValues, mapValues } from "../../src/base/names.js";

describe("kebabCase", () => {
  it.each([
    ["weightIsNotFloat", "weight-is-not-float"],
    ["plain", "plain"],
    ["twoAB", "two-a-b"],
  ])("%s", (name, id) => {
    expect(kebabCase(name)).toBe(id);
  });
});

describe("mapValues", () => {
  it("keeps the keys and their order", () => {
    const lengths = mapValues({ b: "xx", a: "" }, (value: string, name) => `${name}${value.length}`);
    expect(Object.entries(lengths)).toEqual([
      ["b", "b2"],
      ["a", "a0"],
    ]);
  });
});

describe("lazyValues", () => {
  it("makes each value once, when it is asked for", () => {
    const made: string[] = [];
    const lengths = lazyValues<{ one: string; three: string }, Record<"one" | "three", number>>(
      { one: "a", three: "abc" },
      (value, name) => {
        made.push(name);
        return value.length;
      },
    );
    expect(made).toEqual([]);
    expect([lengths.three, lengths.three]).toEqual([3, 3]);
    expect(made).toEqual(["three"]);
  });

  it("looks like the record that it stands for", () => {
    const lengths = lazyValues<{ one: string }, Record<"one", number>>({ one: "a" }, ({ length }) => length);
    expect(Object.entries(lengths)).toEqual([["one", 1]]);
    expect("one" in lengths && !("two" in lengths)).toBe(true);
    expect(Reflect.get(lengths, "toString")).toBeUndefined();
  });
});
