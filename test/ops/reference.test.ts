import { describe, expect, it } from "vitest";
import { REFERENCE } from "../../src/ops/reference.js";

describe("the table of the float64 reference", () => {
  it("lists its operators once each", () => {
    const names = REFERENCE.withRule;
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(130);
  });
});
