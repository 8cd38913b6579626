import { describe, expect, it } from "vitest";
import { createBudget } from "../../src/library/check-budget.js";

describe("the budget of a check", () => {
  /** A budget whose rewriting takes so many seconds, and a clock to turn on. */
  const rewritten = (rewriting: number, given?: number) => {
    let now = 0;
    const budget = createBudget(given, () => now * 1000);
    budget.begin();
    now = rewriting;
    budget.start();
    return { budget, turn: (seconds: number) => (now += seconds) };
  };

  it("is ten times the time of the rewriting, and at least ten seconds", () => {
    const { budget, turn } = rewritten(3);
    expect(budget.seconds).toBe(30);
    turn(30);
    expect(budget.isSpent()).toBe(false);
    turn(0.1);
    expect(budget.isSpent()).toBe(true);
    expect(rewritten(0.01).budget.seconds).toBe(10);
  });

  it("is what the user says, and begins with the first check", () => {
    const { budget, turn } = rewritten(3, 0.5);
    turn(0.4);
    budget.start();
    expect([budget.seconds, budget.isSpent()]).toEqual([0.5, false]);
    turn(0.2);
    expect(budget.isSpent()).toBe(true);
    expect(createBudget(0.001).isSpent()).toBe(false);
  });
});
