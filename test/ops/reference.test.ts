import { describe, expect, it } from "vitest";
import { referenceOperators } from "../../src/ops/reference.js";

describe("the table of the float64 reference", () => {
  it("lists its operators once each", () => {
    const names = referenceOperators();
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(130);
  });
});
