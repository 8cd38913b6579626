import { describe, expect, it } from "vitest";
import type { FeedSet } from "../../src/runtime/feeds.js";
import { splitBatches } from "../../src/runtime/split-batches.js";
import { modelOf, numbers, tensor } from "../support/runtime.js";

function set(rows: number, labels = false): FeedSet {
  const x = tensor(
    "float",
    [rows, 2],
    Array.from({ length: 2 * rows }, (_, i) => i),
  );
  return {
    name: "own",
    feeds: new Map([["x", x]]),
    expected: new Map([["y", x]]),
    ...(labels ? { labels: tensor("int64", [rows], new Array<number>(rows).fill(1)) } : {}),
  };
}

const model = (batch: string): ReturnType<typeof modelOf> =>
  modelOf(`g (float[${batch},2] x) => (float[${batch},2] y) { y = Neg (x) }`);

describe("samples", () => {
  it("are parted into the batches that a model takes, labels in the first", () => {
    const parts = splitBatches(model("2"), [set(6, true)]);
    expect(parts.map(({ feeds }) => numbers(feeds.get("x")))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
    expect(parts.map(({ expected }) => expected?.get("y")?.dims)).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    expect(parts.map(({ labels, name }) => [name, labels?.dims])).toEqual([
      ["own 0", [6]],
      ["own 1", undefined],
      ["own 2", undefined],
    ]);
  });

  it("stay where they fit, where the batch is free, and where they do not divide", () => {
    for (const [batch, rows] of [
      ["2", 2],
      ["N", 6],
      ["4", 6],
    ] as const) {
      const sets = [set(rows)];
      expect(splitBatches(model(batch), sets)).toEqual(sets);
    }
  });
});
