import { describe, expect, it } from "vitest";
import { type Budget, judgeBudget, type Measured } from "../../src/budget/budget.js";
import { summarize } from "../../src/library/summary.js";
import { parseGraph } from "../../src/text/parse.js";

const { model } = {
  model: parseGraph("g (float[4] x) => (float[4] y) { a = Neg(x) b = Neg(a) y = com.microsoft.Gelu(b) }"),
};

const MEASURED: Measured = {
  summary: summarize(model),
  opsets: new Map([["", 17]]),
  bytes: 1000,
  check: undefined,
  ratio: undefined,
  refusals: [],
  allowed: [],
};

function judge(budget: Budget, more: Partial<Measured> = {}) {
  return judgeBudget(budget, { ...MEASURED, ...more });
}

describe("judgeBudget", () => {
  it("wants nothing where nothing is given", () => {
    expect(judge({})).toBeUndefined();
  });

  it("counts operators that may not be there, and those beside a list", () => {
    expect(judge({ forbidOperators: ["Relu", "com.microsoft::*"] })).toEqual({
      met: false,
      rows: [
        {
          budget: "forbidOperators",
          wanted: ["Relu", "com.microsoft::*"],
          got: { "com.microsoft::Gelu": 1 },
          met: false,
        },
      ],
    });
    expect(judge({ forbidOperators: ["Relu"] })?.met).toBe(true);
    const allowed = [{ pattern: "com.microsoft::Gelu" }];
    expect(judge({ allowOperators: ["@f"] }, { allowed })?.rows).toMatchObject([
      { got: { Neg: 2 }, met: false },
    ]);
    expect(judge({ allowOperators: ["@f"] }, { allowed: [...allowed, { pattern: "N*" }] })?.met).toBe(true);
  });

  it("takes a limit itself for met", () => {
    expect(judge({ maxNodes: 3, maxBytes: 1000 })?.met).toBe(true);
    expect(judge({ maxNodes: 2, maxBytes: 999 })?.rows).toEqual([
      { budget: "maxNodes", wanted: 2, got: 3, met: false },
      { budget: "maxBytes", wanted: 999, got: 1000, met: false },
    ]);
  });

  it("does not take what was not measured for met", () => {
    expect(judge({ maxDifference: 1, maxSlowdown: 1 })?.rows).toEqual([
      { budget: "maxDifference", wanted: 1, got: undefined, met: false },
      { budget: "maxSlowdown", wanted: 1, got: undefined, met: false },
    ]);
  });

  it("misses a slowdown only where it is hardly chance", () => {
    const slower = (low: number, median: number) =>
      judge({ maxSlowdown: 5 }, { ratio: { median, interval: [low, 2] } })?.rows[0];
    expect(slower(1.02, 1.08)).toMatchObject({ got: 8, met: true });
    expect(slower(1.06, 1.08)).toMatchObject({ got: 8, met: false });
    expect(slower(0.8, 0.9)).toMatchObject({ got: -10, met: true });
  });

  it("counts refusals by id", () => {
    const refusal = (id: string) => ({ id, pass: "p", node: "n", opType: "Conv", reason: "r" });
    const refusals = [refusal("no-constant"), refusal("no-constant"), refusal("other")];
    expect(judge({ forbidRefusals: ["no-*"] }, { refusals })?.rows[0]).toMatchObject({
      got: { "no-constant": 2 },
      met: false,
    });
  });
});
