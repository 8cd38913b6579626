import { expect, test } from "vitest";
import { notesOf } from "../../src/report/check-notes.js";
import type { CheckReport, OutputReport } from "../../src/runtime/check-report.js";

const OUTPUT: OutputReport = {
  name: "y",
  verdict: "equal",
  reason: undefined,
  tolerance: { relative: 2e-6, absolute: 20, outliers: 0, why: "rounding of float" },
  comparison: {
    dtype: "float",
    dims: [4],
    mismatch: undefined,
    size: 4,
    differing: 4,
    nonFinite: 0,
    maxAbsolute: 3,
    maxRelative: 1e-6,
    maxUlp: 3,
    scale: 1e7,
    cosine: 1,
    topAgreement: undefined,
  },
};

const CHECK: CheckReport = {
  status: "equal",
  reason: undefined,
  numerics: "rounding",
  seed: 0,
  runtime: "onnxruntime",
  uncompared: [],
  special: undefined,
  tamed: [],
  sets: [],
};

const said = (check: Partial<CheckReport>, ...outputs: readonly OutputReport[]): string =>
  notesOf({ ...CHECK, ...check }, outputs)
    .join("\n")
    .replace(/\s+/g, " ")
    .trim();

test("explains a large difference that is equal, and no small one", () => {
  expect(said({}, OUTPUT)).toBe(
    '"y" is up to 3.0e+0 off and equal: its numbers go up to 1.0e+7, of which that is 3.0e-7; 2.0e-6 is allowed (rounding of float)',
  );
  expect(said({}, { ...OUTPUT, comparison: { ...OUTPUT.comparison, maxAbsolute: 9e-4 } })).toBe("");
  expect(said({}, { ...OUTPUT, verdict: "differs" })).toBe("");
  const flips = { ...OUTPUT, tolerance: { ...OUTPUT.tolerance, outliers: 0.01 } };
  expect(said({}, flips)).toContain("2.0e-6 is allowed but for 1.00% of them (rounding of float)");
});

test("names the choice that an output is behind", () => {
  const nearTie = { chooser: 'TopK "t"', value: "s", difference: 4e-7 };
  const comparison = { ...OUTPUT.comparison, maxAbsolute: 0 };
  expect(said({}, { ...OUTPUT, comparison, nearTie })).toBe(
    '"y" is behind a near tie: TopK "t" decides by "s", which is equal and 4.0e-7 off; where both decide by the same numbers, "y" is equal',
  );
});

test("says which inputs stand for others, and which were left out", () => {
  const tamed = [{ set: "large", by: "large, times 0.3", output: "y", movement: 0.25 }];
  expect(said({ tamed })).toMatch(/^"large, times 0.3" stands for "large", .* by 2.5e-1 of its size$/);
  expect(said({ heavy: 1.6e11 })).toMatch(/^a run takes 1.6e\+11 operations: one set of inputs was tried/);
  expect(said({ skipped: ["large"] })).toMatch(/"large" was left out; --check-budget gives it more$/);
});
