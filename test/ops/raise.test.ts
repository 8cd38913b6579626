import { describe, expect, it } from "vitest";
import { OPERATOR_NAMES, OPERATORS } from "../../src/ops/catalogue.js";
import { RAISE } from "../../src/ops/raise.js";
import { HIGHEST_OPSET, irVersionOf, opsetRange } from "../../src/opset/range.js";

describe("the tables", () => {
  it("steps lead to opsets in which the operator changed", () => {
    for (const name of OPERATOR_NAMES) {
      const { since, breaking = [] } = OPERATORS[name];
      expect(Object.keys(RAISE[name] ?? {}).map(Number), name).toEqual([...breaking]);
      for (const opset of breaking) expect(since.slice(1), name).toContain(opset);
    }
  });

  it("histories rise, up to the highest opset", () => {
    for (const { since } of Object.values(OPERATORS)) {
      expect([...since].sort((a, b) => a - b)).toEqual(since);
      expect(since.at(-1)).toBeLessThanOrEqual(HIGHEST_OPSET);
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
