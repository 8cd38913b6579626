import { describe, expect, it } from "vitest";
import { changesSpecialValues, forType, specialText, unionOf } from "../../src/base/special-values.js";

describe("special values", () => {
  it("are joined in their order, each once", () => {
    expect(unionOf([["overflow", "nan"], [], ["nan", "infinity"]])).toEqual(["nan", "infinity", "overflow"]);
    expect(unionOf([])).toEqual([]);
  });

  it("make infinity of an overflow of float16 only", () => {
    expect(forType("float16", ["overflow"])).toEqual(["infinity", "overflow"]);
    expect(forType("float16", ["negative-zero"])).toEqual(["negative-zero"]);
    expect(forType("float", ["overflow"])).toEqual(["overflow"]);
    expect(forType("bfloat16", ["overflow"])).toEqual(["overflow"]);
    expect(forType(undefined, ["overflow"])).toEqual(["overflow"]);
  });

  it("count as changed unless only finite numbers overflow", () => {
    expect(changesSpecialValues([])).toBe(false);
    expect(changesSpecialValues(["overflow"])).toBe(false);
    expect(changesSpecialValues(["empty", "overflow"])).toBe(true);
  });

  it("are listed in words", () => {
    expect(specialText([])).toBe("");
    expect(specialText(["nan"])).toBe("NaN");
    expect(specialText(["nan", "infinity", "negative-zero"])).toBe("NaN, infinity and -0");
  });
});
