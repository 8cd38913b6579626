import { describe, expect, test } from "vitest";
import { checkText } from "../../src/report/check-text.js";
import type { CheckReport, OutputReport } from "../../src/runtime/check-report.js";
import { PLAIN } from "../support/style.js";

function output(
  name: string,
  verdict: OutputReport["verdict"],
  rest: Partial<OutputReport> = {},
): OutputReport {
  return {
    name,
    verdict,
    reason: undefined,
    tolerance: { relative: 1e-5, absolute: 2e-5, outliers: 0, why: "rounding of float" },
    comparison: {
      dtype: "float",
      dims: [1, 10],
      mismatch: undefined,
      size: 10,
      differing: 3,
      nonFinite: 0,
      maxAbsolute: 1.5e-6,
      maxRelative: 3e-7,
      maxUlp: 4,
      scale: 2,
      cosine: 1,
      topAgreement: 1,
    },
    ...rest,
  };
}

function check(sets: readonly (readonly OutputReport[])[], rest: Partial<CheckReport> = {}): CheckReport {
  return {
    status: "equal",
    reason: undefined,
    numerics: "rounding",
    seed: 7,
    runtime: "onnxruntime 1.30.0",
    special: undefined,
    uncompared: [],
    tamed: [],
    sets: sets.map((outputs, i) => ({ name: `set ${i}`, inputs: [], outputs, stored: [], verdict: "equal" })),
    ...rest,
  };
}

describe("checkText", () => {
  test("says what was equal of special values", () => {
    const said = (special: CheckReport["special"]): string | undefined =>
      checkText(check([], { special }), PLAIN).find((line) => line.includes("NaN"));
    expect(said({ exact: true, zeros: true, overflow: false })).toBe(
      "  NaN, infinity and -0 as inputs: alike bit for bit",
    );
    expect(said({ exact: true, zeros: false, overflow: false })).toMatch("but for the sign of zeros");
    expect(said({ exact: false, zeros: false, overflow: false })).toMatch("in their places");
    expect(said(undefined)).toBeUndefined();
  });

  test("shows each output in its worst run", () => {
    const far = output("y", "equal");
    const worse = { ...far, comparison: { ...far.comparison, maxAbsolute: 9e-6, topAgreement: 0.9999 } };
    const lines = checkText(check([[output("y", "equal")], [worse]]), PLAIN);
    expect(lines[0]).toBe("check  equal in onnxruntime 1.30.0, 2 runs (set 0, set 1), seed 7");
    expect(lines[2]).toMatch(/^ {2}y +9\.0e-6 +3\.0e-7 +4 +1\.000000 +99\.9% +2\.0e-5$/);
    expect(lines).toHaveLength(3);
  });

  test("lists outputs that were not judged, not compared, or cannot be compared at all", () => {
    const chance = output("r", "unjudged", {
      reason: "the original gives another output each time it is run",
    });
    const { comparison } = output("z", "differs");
    const mismatch = { ...comparison, mismatch: "float[2,3] became float[3,2]" };
    const differs = output("z", "differs", { comparison: mismatch });
    const lines = checkText(
      check([[chance, differs]], {
        status: "differs",
        reason: 'output "z" on set 0: float[2,3] became float[3,2]',
        uncompared: ["seq"],
      }),
      PLAIN,
    );
    expect(lines).toContain('  output "z" on set 0: float[2,3] became float[3,2]');
    expect(lines).toContain('  "r" was not judged: the original gives another output each time it is run');
    expect(lines).toContain("  not compared, as no tensors: seq");
    expect(lines.find((line) => line.startsWith("  z "))).toMatch(/z +- +- +- +- +-$/);
  });

  test("compares with stored outputs where there are some", () => {
    const { comparison } = output("y", "equal");
    const stored = (agrees: boolean) => ({ name: "y", comparison, agrees });
    const base = check([[output("y", "equal")]]);
    const withStored = (...agreements: boolean[]): string[] =>
      checkText(
        { ...base, sets: base.sets.map((set) => ({ ...set, stored: agreements.map(stored) })) },
        PLAIN,
      );
    expect(withStored(true, true)).toContain("  agrees with 2 stored outputs");
    expect(withStored(true, false).slice(-2)).toEqual([
      "  differs from 1 of 2 stored outputs",
      '    "y" on set 0: by up to 1.5e-6',
    ]);
  });
});
