import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isRefusal } from "../../src/base/refusal.js";
import { measure, normalizeWithBatch, type Readings } from "../../src/batchnorm/measured-value.js";
import type { Model } from "../../src/ir/model.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import { parseGraph } from "../../src/text/parse.js";
import { nodeOf, valueNamed } from "../support/facts.js";
import { floats, type Input } from "../support/reference.js";

/** Two samples of two channels: 1, 3 and 10, 30. */
const MATRIX: Input = { dims: [2, 2], data: [1, 10, 3, 30] };
/** The same numbers as maps of one row. */
const MAPS: Input = { dims: [1, 2, 1, 2], data: [1, 3, 10, 30] };
/** Channels last. */
const LAST: Input = { dims: [1, 2, 2], data: [1, 10, 3, 30] };

function read(
  model: Model,
  x: Input,
  { mean, spread, size }: Readings,
  more: readonly string[] = [],
): number[][] {
  for (const value of [mean, spread, size]) model.graph.addOutput(value);
  const names = [mean.name, spread.name, size.name, ...more];
  const all = evaluateReference(model, floats({ x }), { outputs: names });
  if (isRefusal(all)) throw new Error(all.reason);
  return names.map((name) => [...(all.get(name)?.data ?? [])]);
}

describe("measure", () => {
  it.each<[string, string, Input, 1 | -1, "variance" | "squares", number[]]>([
    ["a matrix", "N,2", MATRIX, 1, "squares", [2, 200]],
    ["maps", "N,2,H,W", MAPS, 1, "variance", [1, 100]],
    ["channels behind", "N,T,2", LAST, -1, "squares", [2, 200]],
  ])("gives mean and spread of each channel of %s", (_, type, x, axis, spreadIs, spread) => {
    for (const opset of [17, 18]) {
      const model = parseGraph(`g (float[${type}] x) => (float y) { y = Neg (x) }`, { opset });
      const value = valueNamed(model, "x");
      const target = { name: "x", value, axis, channels: 2, dtype: "float" } as const;
      const readings = measure(value, target, undefined, opset, createFacts(model));
      expect(readings.spreadIs).toBe(spreadIs);
      expect(read(model, x, readings)).toEqual([[2, 20], spread, [4]]);
    }
  });

  it("throws where the rank is unknown and no operator measures channels of any rank", () => {
    const model = parseGraph("g (float[4] x, int64[N] s) => (y) { r = Reshape (x, s) y = Neg (r) }", {
      opset: 13,
    });
    const value = valueNamed(model, "r");
    const target = { name: "r", value, axis: 1, channels: 2, dtype: "float" } as const;
    expect(() => measure(value, target, undefined, 13, createFacts(model))).toThrow(
      expect.objectContaining({ id: "measured-rank-is-unknown" }),
    );
  });
});

it("normalizeWithBatch normalizes by the statistics of the batch instead of the stored ones", () => {
  const model = parseGraph(
    `g (float[1,2,1,2] x) => (float y) <float[2] s = {1, 1}, float[2] b = {0, 5}, float[2] m = {7, 7}, float[2] v = {9, 9}> {
       n = BatchNormalization <epsilon = 0.0> (x, s, b, m, v) y = Neg (n) }`,
    { opset: 17 },
  );
  const target = { name: "n", value: valueNamed(model, "x"), axis: 1, channels: 2, dtype: "float" } as const;
  const readings = normalizeWithBatch(nodeOf(model, "n"), target, undefined, false, 17);
  expect(read(model, MAPS, readings, ["y"])).toEqual([[2, 20], [1, 100], [4], [1, -1, -4, -6]]);
});
