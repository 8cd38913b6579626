import { describe, expect, it } from "vitest";
import { invariant, present } from "../../src/base/assert.js";
import { NormfoldError } from "../../src/base/errors.js";

describe("invariant", () => {
  it("throws a bug of normfold, and nothing where the condition holds", () => {
    expect(() => invariant(1, "never")).not.toThrow();
    for (const broken of [false, 0, "", undefined]) {
      expect(() => invariant(broken, "one output")).toThrow(
        expect.objectContaining({ code: "internal", message: expect.stringContaining("one output") }),
      );
    }
    expect(() => invariant(false, "x")).toThrow(NormfoldError);
  });
});

describe("present", () => {
  it("gives every value but null and undefined", () => {
    expect([0, "", false].map((value) => present(value, "there"))).toEqual([0, "", false]);
    for (const absent of [null, undefined])
      expect(() => present(absent, "there")).toThrow(
        expect.objectContaining({ code: "internal", message: "there" }),
      );
  });
});
