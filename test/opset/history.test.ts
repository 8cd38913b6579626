import { describe, expect, it } from "vitest";
import { HIGHEST_OPSET, HISTORY, irVersionOf, opsetRange, STEPS } from "../../src/opset/index.js";

describe("the tables", () => {
  it("steps lead to opsets in which the operator changed", () => {
    for (const [opType, steps] of Object.entries(STEPS)) {
      for (const opset of Object.keys(steps)) expect(HISTORY[opType], opType).toContain(Number(opset));
    }
  });

  it("histories rise, up to the highest opset", () => {
    for (const history of Object.values(HISTORY)) {
      expect([...history].sort((a, b) => a - b)).toEqual(history);
      expect(history.at(-1)).toBeLessThanOrEqual(HIGHEST_OPSET);
    }
    expect(opsetRange()).toEqual({ lowest: 1, highest: HIGHEST_OPSET });
  });

  it.each([
    [8, 4],
    [9, 4],
    [10, 5],
    [14, 7],
    [17, 8],
    [20, 9],
    [22, 10],
    [26, 13],
  ])("opset %s needs IR version %s", (opset, ir) => {
    expect(irVersionOf(opset)).toBe(ir);
  });
});
