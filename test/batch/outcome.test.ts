import { expect, it } from "vitest";
import { type ModelOutcome, summarizeBatch } from "../../src/batch/outcome.js";

function done(before: number, after: number, cached = false): ModelOutcome {
  const pair = { before, after };
  const figures = {
    nodes: pair,
    bytes: { before: 10 * before, after: 10 * after },
    check: "equal",
    undone: 0,
    ms: 1,
  } as const;
  return { status: "optimized", input: "i", output: "o", cached, figures };
}

const failed: ModelOutcome = {
  status: "failed",
  input: "i",
  output: "o",
  error: { code: "io", id: "x", message: "no", where: {} },
};

it("adds up what was optimized", () => {
  expect(summarizeBatch([done(5, 3), failed, done(7, 7, true)], 12.4)).toEqual({
    models: 3,
    optimized: 2,
    missed: 0,
    failed: 1,
    cached: 1,
    nodes: { before: 12, after: 10 },
    bytes: { before: 120, after: 100 },
    ms: 12,
  });
});
