import { describe, expect, test } from "vitest";
import { summarize } from "../../src/library/summary.js";
import type { ReduceReport } from "../../src/reduce/reduce.js";
import { reduceProgressText, reduceText } from "../../src/report/reduce-text.js";
import { modelOf } from "../support/rewrite.js";
import { PLAIN } from "../support/style.js";

const summary = summarize(modelOf("g (float[2] x) => (y) { y = Relu (x) }"));

function text(rest: Partial<ReduceReport> = {}): string {
  const report: ReduceReport = {
    symptom: "exit code 139 (SIGSEGV)",
    before: { ...summary, nodes: 45, parameterBytes: 4096 },
    after: summary,
    tries: 30,
    status: "done",
    ...rest,
  };
  const files = {
    input: { path: "m.onnx", bytes: 5000 },
    output: { path: "s.onnx", bytes: 90 },
    text: "s.txt",
  };
  return reduceText({ ...files, time: { read: 100, reduce: 1400 }, report }, PLAIN);
}

describe("reduceText", () => {
  test("says what goes wrong, how far the model shrank, and what was written", () => {
    expect(text()).toMatchInlineSnapshot(`
      "m.onnx -> s.onnx

      what goes wrong: exit code 139 (SIGSEGV)
      45 -> 1 node, 4.1 kB -> 0 B of weights, 30 tries in 1.50 s

      wrote s.onnx 90 B
            s.txt the same as text
      "
    `);
  });

  test("says when the search was stopped or the fault may hang on chance", () => {
    expect(text({ status: "stopped" })).toMatch(/\nstopped: this is the smallest model so far/);
    expect(text({ status: "unstable" })).toMatch(/\nunstable: tried once more/);
  });

  test("warns where a command fails with other words", () => {
    const said = { before: "no kernel", after: "no such file" };
    expect(text({ said })).toMatch(
      /--match holds it to what it said first:\n {2}first {2}no kernel\n {2}now {4}no such file\n/,
    );
  });
});

test("reduceProgressText counts nodes and tries", () => {
  expect(reduceProgressText({ phase: "nodes", nodes: 12, tries: 34 })).toBe(
    "leaving out nodes: 12 nodes left, 34 tries",
  );
  expect(reduceProgressText({ phase: "record", nodes: 1, tries: 0 })).toBe(
    "running the model once: 1 node left",
  );
});
