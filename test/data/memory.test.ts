import { describe, expect, it } from "vitest";
import type { Batch, BatchOptions } from "../../src/data/dataset.js";
import { tensorDataset } from "../../src/data/memory.js";
import { numbersOf, tensor } from "../batchnorm/support.js";

const five = tensorDataset({
  x: tensor([5, 2], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41]),
  word: { dtype: "string", dims: [5], data: ["a", "b", "c", "d", "e"] },
});

async function draw(options: BatchOptions): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of five.batches(options)) batches.push(batch);
  return batches;
}

const firsts = (batches: readonly Batch[]): number[][] =>
  batches.map((batch) => {
    const x = batch.tensors.get("x");
    return x === undefined ? [] : numbersOf(x).filter((_, i) => i % 2 === 0);
  });

describe("tensorDataset", () => {
  it("describes the fields of a sample", () => {
    expect(five.size).toBe(5);
    expect(five.fields).toEqual([
      { name: "x", dtype: "float", shape: [2] },
      { name: "word", dtype: "string", shape: [] },
    ]);
  });

  it("gives batches in order, the last one short unless it is left out", async () => {
    const batches = await draw({ size: 2 });
    expect(firsts(batches)).toEqual([[0, 10], [20, 30], [40]]);
    expect(batches.map(({ size }) => size)).toEqual([2, 2, 1]);
    expect(batches[1]?.tensors.get("x")?.dims).toEqual([2, 2]);
    expect(batches[1]?.tensors.get("word")).toEqual({ dtype: "string", dims: [2], data: ["c", "d"] });
    expect(firsts(await draw({ size: 2, dropLast: true }))).toEqual([
      [0, 10],
      [20, 30],
    ]);
  });

  it("stops at a limit and goes on behind batches that were skipped", async () => {
    expect(firsts(await draw({ size: 2, limit: 3 }))).toEqual([[0, 10], [20]]);
    expect(firsts(await draw({ size: 2, skip: 1 }))).toEqual([[20, 30], [40]]);
  });

  it("shuffles by a seed: every sample once, fields together, the same again", async () => {
    const shuffled = await draw({ size: 5, seed: 3 });
    const [order] = firsts(shuffled);
    expect([...(order ?? [])].sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40]);
    expect(order).not.toEqual([0, 10, 20, 30, 40]);
    expect(shuffled[0]?.tensors.get("word")?.data).toEqual(order?.map((value) => "abcde"[value / 10]));
    expect(firsts(await draw({ size: 5, seed: 3 }))[0]).toEqual(order);
    expect(firsts(await draw({ size: 5, seed: 4 }))[0]).not.toEqual(order);
  });

  it.each([
    [{}, "dataset-has-no-tensor", /./],
    [{ x: tensor([], [1]) }, "data-is-scalar", /"x"/],
    [
      { x: tensor([2], [1, 2]), y: tensor([3], [1, 2, 3]) },
      "sample-counts-differ",
      /"x" has 2 samples and "y" 3/,
    ],
    [{ x: { ...tensor([2], [1, 2]), dims: [3] } }, "data-size-differs", /has 8 bytes, not 12/],
  ])("refuses %#", (tensors, id, message) => {
    expect(() => tensorDataset(tensors)).toThrow(
      expect.objectContaining({ code: "usage", id, message: expect.stringMatching(message) }),
    );
  });

  it("stops when it is told to", async () => {
    await expect(draw({ size: 2, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
