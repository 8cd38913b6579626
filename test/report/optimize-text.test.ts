import { describe, expect, test } from "vitest";
import type { OptimizeReport } from "../../src/library/optimize.js";
import type { ModelSummary } from "../../src/library/summary.js";
import { checkText } from "../../src/report/check-text.js";
import { WIDTH } from "../../src/report/layout.js";
import { type OptimizeRun, optimizeText } from "../../src/report/optimize-text.js";
import { PLAIN } from "../../src/report/style.js";
import { groupRefusals } from "../../src/report/tally.js";
import type { RefusalRecord, RewriteRecord } from "../../src/rewrite/pass.js";
import type { CheckReport, OutputReport } from "../../src/runtime/check-report.js";

function summary(operators: Record<string, number>): ModelSummary {
  const nodes = Object.values(operators).reduce((sum, count) => sum + count, 0);
  const batchNormalizations = operators["BatchNormalization"] ?? 0;
  return {
    nodes,
    constants: 0,
    batchNormalizations,
    operators,
    initializers: 5,
    parameters: 100,
    parameterBytes: 400,
  };
}

const LONG = `/model/${"block/".repeat(30)}conv`;

const FOLD: RewriteRecord = {
  pass: "fold-affine-up",
  key: "y",
  summary: `Conv "${LONG}" absorbs BatchNormalization "${LONG}"`,
  numerics: "rounding",
  nodes: -1,
};

function refusal(node: string, reason: string, opType = "BatchNormalization"): RefusalRecord {
  return { pass: "fold-affine-up", node: `${opType} "${node}"`, opType, reason };
}

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
    uncompared: [],
    sets: sets.map((outputs, i) => ({ name: `set ${i}`, inputs: [], outputs, stored: [], verdict: "equal" })),
    ...rest,
  };
}

function run(report: Partial<OptimizeReport>): OptimizeRun {
  return {
    input: { path: `${LONG}.onnx`, bytes: 2000 },
    output: { path: "out.onnx", bytes: 1500, files: [{ path: "out.onnx", bytes: 1500 }] },
    time: { read: 1, rewrite: 20, write: 3 },
    report: {
      before: summary({ Conv: 3, BatchNormalization: 3, Relu: 3 }),
      after: summary({ Conv: 3, BatchNormalization: 2, Relu: 3 }),
      rewrites: [FOLD],
      refusals: [],
      rolledBack: [],
      rounds: 2,
      check: undefined,
      ...report,
    },
  };
}

function text(report: Partial<OptimizeReport>, explain = false): string {
  const printed = optimizeText(run(report), { style: PLAIN, explain });
  for (const line of printed.split("\n")) expect(line.length, line).toBeLessThanOrEqual(WIDTH);
  return printed;
}

describe("optimizeText", () => {
  test("lists every file that was written", () => {
    const files = [
      { path: "out.onnx", bytes: 500 },
      { path: "out.onnx.data", bytes: 1000 },
    ];
    const split = { ...run({}), output: { path: "out.onnx", bytes: 1500, files } };
    const printed = optimizeText(split, { style: PLAIN, explain: false });
    expect(printed).toContain("\n\nwrote out.onnx 500 B\n      out.onnx.data 1.0 kB\n");
  });

  test("lists only operators whose number changed", () => {
    const printed = text({});
    expect(printed).toMatch(/nodes +9 +8 +-11%/);
    expect(printed).toMatch(/BatchNormalization +3 +2/);
    expect(printed).not.toMatch(/Relu/);
    expect(printed).toMatch(/file size +2\.0 kB +1\.5 kB +-25%/);
  });

  test("the operators listed under nodes add up to them: Constant nodes have a line of their own", () => {
    const before = { ...summary({ Relu: 3 }), constants: 4, operators: { Constant: 4, Relu: 3 } };
    const printed = text({ before, after: summary({ Relu: 2 }) });
    expect(printed).toMatch(/nodes +3 +2 +-33%\n {4}Relu +3 +2 *\n {2}Constant nodes +4 +0 +-100%\n/);
  });

  test("names what was undone, and why", () => {
    const printed = text({
      rolledBack: [{ ...FOLD, reason: 'output "y" on set 0: 3 of 10 elements differ' }],
    });
    expect(printed).toMatch(/undone {2}1 rewrite that changed the outputs\n {2}fold-affine-up: Conv/);
    expect(printed).toContain('    output "y" on set 0: 3 of 10 elements differ');
  });

  test("counts refusals by reason, and names the only one", () => {
    const refusals = [
      refusal("a", 'Concat "c1" takes no scale and shift into itself'),
      refusal("b", 'Concat "c2" takes no scale and shift into itself'),
      refusal("d", 'mean "m" is a graph input'),
      refusal("i", '"y" is a graph output', "Identity"),
    ];
    const printed = text({ refusals });
    expect(printed).toMatch(/\n {3}2 {2}Concat takes no scale and shift into itself\n/);
    expect(printed).toMatch(/\n {3}1 {2}BatchNormalization "d": mean "m" is a graph input\n/);
    expect(printed).toContain("1 other place was left alone; see --explain");
    const all = text({ refusals }, true);
    expect(all).toContain('BatchNormalization "b": Concat "c2" takes no scale');
    expect(all).toContain('Identity "i": "y" is a graph output');
    expect(all).toMatch(/Conv\n {6}"\/model/);
  });
});

test("of several passes' words on a node the first one counts", () => {
  const first = { ...refusal("a", "first"), pass: "compose-affine" };
  const groups = groupRefusals([first, refusal("a", "second")]);
  expect(groups.map(({ reason, records }) => [reason, records.length])).toEqual([["first", 1]]);
});

describe("checkText", () => {
  test("shows each output in its worst run", () => {
    const far = output("y", "equal");
    const worse = { ...far, comparison: { ...far.comparison, maxAbsolute: 9e-6, topAgreement: 0.9999 } };
    const lines = checkText(check([[output("y", "equal")], [worse]]), PLAIN);
    expect(lines[0]).toBe("check  equal in onnxruntime 1.30.0, 2 runs (set 0, set 1), seed 7");
    expect(lines[2]).toMatch(/^ {2}y +9\.0e-6 +3\.0e-7 +4 +1\.000000 +99\.9% +2\.0e-5$/);
    expect(lines).toHaveLength(3);
  });

  test("says what was not judged, not compared, and what cannot be compared at all", () => {
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
