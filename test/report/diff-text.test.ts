import { expect, it } from "vitest";
import type { ModelDiff } from "../../src/diff/model-diff.js";
import { diffText } from "../../src/report/diff-text.js";
import { textWidth, WIDTH } from "../../src/report/layout.js";
import { PLAIN } from "../support/style.js";

const NOTHING: ModelDiff = {
  same: true,
  ignored: [],
  fields: [],
  opsets: [],
  metadata: [],
  inputs: [],
  outputs: [],
  operators: [],
  nodes: { same: 3, renamed: 0, changed: [], removed: [], added: [] },
  weights: { same: 2, renamed: 1, changed: [], removed: [], added: [] },
  other: undefined,
};

function text(diff: Partial<ModelDiff>, all = false): string {
  const files = { before: { path: "a.onnx", bytes: 1 }, after: { path: "b.onnx", bytes: 2 } };
  const printed = diffText({ ...files, diff: { ...NOTHING, ...diff } }, { style: PLAIN, all });
  for (const line of printed.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
  return printed;
}

it("says that two models are the same, and what was ignored", () => {
  expect(text({ ignored: ["names", "metadata"] })).toBe(
    "a.onnx vs b.onnx\n\ndiff  same, names, metadata ignored\n\nnodes  3 same\n\nweights  2 same (1 renamed)\n",
  );
});

it("lists what changed, each kind under its heading", () => {
  const node = { graph: "", operator: "Relu", name: "r" };
  const weight = { graph: "", name: "w", type: "float[3]", bytes: 12 };
  const printed = text({
    same: false,
    opsets: [{ name: "ai.onnx", before: "17", after: "18" }],
    inputs: [{ name: "x", before: "float[N]", after: undefined }],
    operators: [{ operator: "Relu", before: 2, after: 1 }],
    nodes: {
      same: 3,
      renamed: 0,
      changed: [{ ...node, nameAfter: "s", changes: [{ name: "input 0", before: "a", after: undefined }] }],
      removed: [{ ...node, graph: 'If "i" then_branch' }],
      added: [node],
    },
    weights: {
      same: 0,
      renamed: 0,
      changed: [{ ...weight, typeAfter: "float[3]", elements: 1, maxDifference: 0.5 }],
      removed: [weight],
      added: [],
    },
    other: "graph nodes[0] name: a, b",
  });
  expect(printed.split("\n\n").slice(1).join("\n\n")).toBe(`diff  differs

opsets
  ai.onnx  17  ->  18

inputs
  x  float[N]  ->  none

operators
  Relu  2  1  -50%

nodes  3 same, 1 changed, 1 removed, 1 added
  ~ Relu "r", now "s"
      input 0: a -> none
  - Relu "r" in If "i" then_branch
  + Relu "r"

weights  0 same, 1 changed, 1 removed
  ~ w float[3], 1 element differs by up to 5.0e-1
  - w float[3], 12 B

other
  graph nodes[0] name: a, b
`);
});

it("lists eight of a kind, or all", () => {
  const added = Array.from({ length: 10 }, (_, i) => ({ graph: "", operator: "Neg", name: `n${i}` }));
  const nodes = { ...NOTHING.nodes, added };
  expect(text({ nodes })).toMatch(/"n7"\n {4}2 more; --all lists them\n/);
  expect(text({ nodes }, true)).toContain('"n9"');
});
