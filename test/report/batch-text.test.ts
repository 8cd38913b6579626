import { expect, it } from "vitest";
import { type ModelOutcome, summarizeBatch } from "../../src/batch/outcome.js";
import { batchText } from "../../src/report/batch-text.js";
import { expectNarrow } from "../support/cli.js";
import { PLAIN } from "../support/style.js";

const figures = {
  nodes: { before: 12, after: 8 },
  bytes: { before: 2000, after: 1000 },
  check: "equal",
  undone: 0,
  ms: 12,
} as const;
const outcomes: readonly ModelOutcome[] = [
  { status: "optimized", input: "models/a.onnx", output: "o", cached: false, figures },
  {
    status: "optimized",
    input: "models/x/b.onnx",
    output: "o",
    cached: true,
    figures: { ...figures, undone: 2 },
  },
  {
    status: "optimized",
    input: "models/x/c.onnx",
    output: "o",
    cached: false,
    figures: { ...figures, check: "none" },
  },
  {
    status: "failed",
    input: "models/d.onnx",
    output: "o",
    error: { code: "invalid", id: "i", message: "m", where: {} },
  },
];

it("shows a line for each model, below the folder that all are in, and the sums", () => {
  expect(batchText(outcomes, summarizeBatch(outcomes, 1500), PLAIN)).toBe(
    `models/
model       nodes  file size          time  result
a.onnx    12 -> 8     1.0 kB  -50%   12 ms  equal
x/b.onnx  12 -> 8     1.0 kB  -50%  cached  equal, 2 undone
x/c.onnx  12 -> 8     1.0 kB  -50%   12 ms  unchecked
d.onnx                                      invalid

4 models: 3 optimized, 1 of them from the cache, 1 failed, 1.50 s
nodes 36 -> 24, file size 6.0 kB -> 3.0 kB
`,
  );
});

it("is never wider than 80 columns", () => {
  const long = outcomes.map((outcome) => ({ ...outcome, input: `/${"deep/".repeat(40)}${outcome.input}` }));
  expectNarrow(batchText(long, summarizeBatch(long, 1), PLAIN));
});
