import { describe, expect, test } from "vitest";
import type { OptimizeRun } from "../../src/job/optimize-file.js";
import type { OptimizeReport } from "../../src/library/optimize.js";
import type { ModelSummary } from "../../src/library/summary.js";
import { WIDTH } from "../../src/report/layout.js";
import { optimizeText } from "../../src/report/optimize-text.js";
import type { RefusalRecord, RewriteRecord } from "../../src/rewrite/pass.js";
import { PLAIN } from "../support/style.js";

function summary(operators: Record<string, number>): ModelSummary {
  const nodes = Object.values(operators).reduce((sum, count) => sum + count, 0);
  const batchNormalizations = operators["BatchNormalization"] ?? 0;
  return {
    irVersion: 3,
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
  mayChange: ["overflow"],
  nodes: -1,
};

function refusal(node: string, reason: string, opType = "BatchNormalization"): RefusalRecord {
  return { pass: "fold-affine-up", node: `${opType} "${node}"`, opType, id: "some-reason", reason };
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
      mayChange: ["overflow"],
      refusals: [],
      rolledBack: [],
      acquitted: [],
      leftOut: undefined,
      rounds: 2,
      added: [],
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
  test("says that the IR version was raised", () => {
    expect(text({})).not.toContain("IR version");
    expect(text({ after: { ...summary({ Conv: 3 }), irVersion: 4 } })).toMatch(/\n +IR version +3 +4\n/);
  });

  test("names what made the constants grow", () => {
    const after = { ...summary({ Conv: 3 }), parameterBytes: 2400 };
    const added = [
      { pass: "fold-constants", bytes: 1800, count: 2, largest: "bias" },
      { pass: "fold-affine-up", bytes: 300, count: 1, largest: "W_1" },
    ];
    expect(text({ after, added })).toContain(
      `\ngrown  by 2.0 kB of constants
  fold-constants adds 1.8 kB of 2 constants, the most for "bias"
  fold-affine-up adds 300 B "W_1"\n`,
    );
    expect(text({ added })).not.toContain("grown");
  });

  test("says last that normalizations stay because callers may set their parameters", () => {
    const records = ["a", "b"].map((node) => ({
      ...refusal(node, `its scale "${node}" is an input with a default`),
      id: "constant-is-input-default",
    }));
    const printed = text({ refusals: records });
    expect(printed).toMatch(
      /\nnot folded {2}2 BatchNormalizations\n {3}2 {2}a parameter is an input with a default\n/,
    );
    expect(printed).toMatch(
      /\nnote {2}2 BatchNormalizations stay because [\s\S]*--freeze-initializers makes[^\n]*\n$/,
    );
    expect(text({})).not.toContain("--freeze-initializers");
  });

  test("lists every file that was written", () => {
    const files = [
      { path: "out.onnx", bytes: 500 },
      { path: "out.onnx.data", bytes: 1000 },
    ];
    const split = { ...run({}), output: { path: "out.onnx", bytes: 1500, files } };
    const printed = optimizeText(split, { style: PLAIN, explain: false });
    expect(printed).toContain("\n\nwrote out.onnx 500 B\n      out.onnx.data 1.0 kB\n");
  });

  test("claims no cause where no rewrite was made", () => {
    expect(text({ rewrites: [] })).toMatch(/\nrewrites {2}none were made\n/);
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

  test("names the rewrites that were undone, and why", () => {
    const printed = text({
      rolledBack: [{ ...FOLD, reason: 'output "y" on set 0: 3 of 10 elements differ' }],
    });
    expect(printed).toMatch(/undone {2}1 rewrite that changed the outputs\n {2}fold-affine-up: Conv/);
    expect(printed).toMatch(/\n {2}normfold reduce \S+ -o small.onnx --predicate undone:fold-affine-up\n/);
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
    expect(printed).toMatch(/\n {3}1 {2}BatchNormalization "d"\n {6}mean "m" is a graph input\n/);
    expect(printed).toContain("1 other place was left alone; see --explain");
    const all = text({ refusals }, true);
    expect(all).toMatch(/\n {4}BatchNormalization "b" \(fold-affine-up\)\n {6}Concat "c2" takes no scale/);
    expect(all).toMatch(/\n {4}Identity "i" \([a-z-]+\)\n {6}"y" is a graph output\n/);
    expect(all).toMatch(/left alone {2}4\n {2}some-reason {2}4\n/);
    expect(all).toMatch(/Conv\n {6}"\/model/);
  });
});
