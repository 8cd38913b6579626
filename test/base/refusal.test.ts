import { describe, expect, it } from "vitest";
import { isRefusal, refusalCatalogue, refuse, refusedAt } from "../../src/base/refusal.js";

describe("refusals", () => {
  it("are told from results", () => {
    expect(isRefusal(refuse("no"))).toBe(true);
    for (const result of [undefined, null, "refusal", {}, { kind: "landing" }])
      expect(isRefusal(result)).toBe(false);
  });

  it("keep their id where a place is put in front", () => {
    const refusal = refuse("its weight is int8", "weight-is-not-float");
    expect(refusedAt('Conv "c"', refusal)).toEqual({
      kind: "refusal",
      id: "weight-is-not-float",
      reason: 'Conv "c": its weight is int8',
    });
    expect(refuse("of a pass from elsewhere").id).toBe("other");
  });
});

describe("refusalCatalogue", () => {
  it("names each refusal by its clause", () => {
    const refusals = refusalCatalogue({
      axisOutsideRank: (axis: number): string => `axis ${axis} is outside`,
    });
    expect(refusals.axisOutsideRank(4)).toEqual({
      kind: "refusal",
      id: "axis-outside-rank",
      reason: "axis 4 is outside",
    });
    expect(refusals.axisOutsideRank.id).toBe("axis-outside-rank");
  });
});
