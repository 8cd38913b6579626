import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { isRefusal } from "../../src/base/refusal.js";
import {
  batchMoments,
  centre,
  mapMoments,
  normalizeDistance,
  rowLayoutOf,
} from "../../src/batchnorm/batch-moments.js";
import { Builder } from "../../src/ir/builder.js";
import type { Value } from "../../src/ir/graph.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { evaluateReference } from "../../src/reference/evaluate.js";
import { parseGraph } from "../../src/text/parse.js";
import { valueNamed } from "../support/facts.js";
import { floats } from "../support/reference.js";

const DIMS = [2, 2, 2, 4] as const;
const ROWS = { count: 2, length: 4, rank: 2 };
const EPSILON = 0.5;

interface Batch {
  readonly data: readonly number[];
  readonly means: readonly number[];
  readonly variances: readonly number[];
}

const channelOf = (i: number): number => Math.floor(i / 8) % 2;

/** Elements whose mean in the second channel is about `offset`. */
function batchOf(offset: number): Batch {
  const data = Array.from({ length: 32 }, (_, i) => Math.sin(i) + channelOf(i) * offset);
  const channels = [0, 1].map((channel) => data.filter((_, i) => channelOf(i) === channel));
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const means = channels.map(mean);
  const variances = channels.map((list, c) => mean(list.map((value) => (value - (means[c] ?? 0)) ** 2)));
  return { data, means, variances };
}

/** The values that are built from x. */
function built(
  opset: number,
  { data }: Batch,
  build: (build: Builder, x: Value) => readonly Value[],
): readonly number[][] {
  const model = parseGraph(`g (float[${DIMS}] x) => (float y) { y = Neg (x) }`, { opset });
  const results = build(new Builder(model.graph), valueNamed(model, "x"));
  for (const result of results) model.graph.addOutput(result);
  const outputs = results.map(({ name }) => name);
  const all = evaluateReference(model, floats({ x: { dims: DIMS, data } }), { outputs });
  if (isRefusal(all)) throw new Error(all.reason);
  return outputs.map((name) => [...(all.get(name)?.data ?? [])]);
}

function expectClose(actual: readonly number[] | undefined, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual?.[i]).toBeCloseTo(value, 6);
  });
}

// mapMoments takes one pass where the mean is near 0, and two where it is far.
describe.each([
  [14, 0],
  [14, 100],
  [18, 0],
  [18, 100],
])("opset %i, a mean of about %i", (opset, offset) => {
  const batch = batchOf(offset);

  it("batchMoments, centre and mapMoments give the moments of each channel", () => {
    const all = built(opset, batch, (build, x) => {
      const [whole, centred, map] = [
        batchMoments(build, x, 2, "float"),
        centre(build, x, ROWS, opset),
        mapMoments(build, x, ROWS, opset),
      ];
      return [whole.mean, whole.variance, centred.mean, centred.variance, map.mean, map.variance];
    });
    for (const pair of [0, 2, 4]) {
      expectClose(all[pair], batch.means);
      expectClose(all[pair + 1], batch.variances);
    }
  });

  it("mapMoments counts the elements, and normalizeDistance normalizes", () => {
    const [size, normalized] = built(opset, batch, (build, x) => {
      const { distance, variance } = centre(build, x, ROWS, opset);
      const vector = (...values: readonly number[]): Value =>
        build.constant(tensorFromNumbers("float", [2], values));
      const parameters = { scale: vector(2, 3), bias: vector(5, 7), epsilon: EPSILON };
      return [
        mapMoments(build, x, ROWS, opset).size,
        normalizeDistance(build, distance, variance, parameters, { channels: 2, rank: 2 }),
      ];
    });
    expect(size).toEqual([32]);
    const expected = batch.data.map((value, i) => {
      const c = channelOf(i);
      const scale = [2, 3][c] ?? 0;
      return (
        (scale * (value - (batch.means[c] ?? 0))) / Math.sqrt((batch.variances[c] ?? 0) + EPSILON) +
        ([5, 7][c] ?? 0)
      );
    });
    expectClose(normalized, expected);
  });
});

it("rowLayoutOf cuts large maps into rows that divide them", () => {
  const layout = (dims: string, batch: number, axis: 1 | -1 = 1): unknown => {
    const model = parseGraph(`g (float[${dims}] x) => (float y) { y = Neg (x) }`, { opset: 17 });
    const of = { axis, channels: 16, dtype: "float" } as const;
    return rowLayoutOf(valueNamed(model, "x"), of, batch, createFacts(model));
  };
  expect(layout("N,16,128,256", 1)).toEqual({ count: 16, length: 2048, rank: 2 });
  expect(layout("N,16,30,100", 100)).toEqual({ count: 2, length: 1500, rank: 2 });
  expect(layout("N,16,8,8", 1)).toBeUndefined();
  expect(layout("N,16,H,256", 100)).toBeUndefined();
  // No divisor of a prime is a row.
  expect(layout("N,16,1,65537", 1)).toBeUndefined();
  expect(layout("N,16,128,256", 1, -1)).toBeUndefined();
});
