import { describe, expect, it } from "vitest";
import { kebabCase, mapValues } from "../../src/base/names.js";

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
