import { describe, expect, it } from "vitest";
import { comparedText } from "../../src/report/compared-text.js";
import type { ComparisonReport } from "../../src/runtime/comparison-report.js";
import type { LayerReport } from "../../src/runtime/layers.js";
import { expectNarrow } from "../support/cli.js";
import { PLAIN } from "../support/style.js";

const NOTHING: ComparisonReport = {
  status: "equal",
  reason: undefined,
  numerics: "rounding",
  seed: 0,
  runtime: "onnxruntime 1.30.0",
  uncompared: [],
  tamed: [],
  special: undefined,
  sets: [],
  bounds: undefined,
  originalSide: {},
  resultSide: {},
  layers: undefined,
  topK: undefined,
};

function text(rest: Partial<ComparisonReport>): string {
  const lines = comparedText({ ...NOTHING, ...rest }, PLAIN).join("\n");
  expectNarrow(lines);
  return lines;
}

const LAYER: LayerReport = {
  name: `/a/very/long/name/${"x".repeat(60)}`,
  node: 'Conv "/c"',
  set: "normal",
  verdict: "differs",
  reason: "3 of 4 elements differ by up to 1.0e-1; 1.0e-6 is allowed",
  tolerance: { relative: 1e-6, absolute: 2e-6, outliers: 0, why: "rounding of float" },
  comparison: {
    dtype: "float",
    dims: [4],
    mismatch: undefined,
    size: 4,
    differing: 3,
    nonFinite: 0,
    maxAbsolute: 0.1,
    maxRelative: 0.1,
    maxUlp: 9,
    scale: 2,
    cosine: 1,
    topAgreement: undefined,
  },
};

describe("what was asked for beside the verdict", () => {
  it("is nothing where nobody asked", () => {
    expect(text({})).toBe("");
  });

  it("states the tolerance and the sides", () => {
    const out = text({
      bounds: { atol: 0.01, rtol: 0 },
      resultSide: { provider: "wasm" },
      originalSide: { level: "all" },
    });
    expect(out).toContain("judged by atol 0.01 and rtol 0, as given");
    expect(out).toContain("original on cpu at level all, result on wasm at level disabled");
  });

  it("names the first layer that differs, and lists the worst", () => {
    const out = text({ layers: { compared: 7, skipped: 2, first: LAYER, worst: [LAYER] } });
    expect(out).toContain("layers  7 values of both models compared, 2 of other types or sizes not");
    expect(out).toMatch(/first to differ:\s+"\/a\/very\S+\s+of Conv\s+"\/c", on normal/);
    expect(out).toMatch(
      /\n {2}value +node +max abs +of size +allowed\n {2}\/a\/.* Conv "\/c" +1\.0e-1 +2\.0e\+0 +2\.0e-6$/,
    );
    expect(text({ layers: { compared: 7, skipped: 0, first: undefined, worst: [] } })).toMatch(
      /compared\n {2}none differs$/,
    );
    expect(text({ layers: { compared: 0, skipped: 0, first: undefined, worst: [] } })).toMatch(
      / 0 values .*$/,
    );
  });

  it("counts classes, and never rounds to all of them", () => {
    const topK = {
      output: "y",
      k: 5,
      samples: 9,
      sameBest: 0.99999,
      agreement: 1,
      original: undefined,
      result: undefined,
    };
    expect(text({ topK })).toMatch(/same best class +99\.99%\n.* 5 best +100%$/);
    const accuracy = { top1: 0.5, topK: 0.75 };
    expect(text({ topK: { ...topK, original: accuracy, result: accuracy } })).toMatch(
      /best of the result +75\.00%$/,
    );
  });
});
