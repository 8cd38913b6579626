import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { tensorDataset } from "../../src/data/memory.js";
import { arraySource, joinSources, renameOnly, sampledDataset } from "../../src/data/sampled.js";
import { BatchMemory, sideBySide } from "../../src/training/batch-memory.js";

const bytes = Uint8Array.from({ length: 12 }, (_, index) => index);
const dataset = tensorDataset({ x: { dtype: "uint8", dims: [6, 2], data: bytes } });
const refuse = (): never => {
  throw new Error("nothing is to be copied");
};

async function drawn(memory: BatchMemory, count: number): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const { tensors } of dataset.batches({ size: 2, memory: memory.take })) {
    const data = tensors.get("x")?.data;
    if (data instanceof Uint8Array) parts.push(data);
    if (parts.length === count) break;
  }
  return parts;
}

describe("BatchMemory", () => {
  it("makes a stack of the batches of a call without a copy, in the same memory for the next", async () => {
    const memory = new BatchMemory(2);
    const first = sideBySide(await drawn(memory, 2), refuse);
    expect([...first]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    memory.release();
    const second = await drawn(memory, 1);
    expect(second[0]?.buffer).toBe(first.buffer);
    expect(sideBySide(second, refuse)).toHaveLength(4);
  });

  it("gives memory of their own to batches beyond those of a call, and to larger ones", async () => {
    const memory = new BatchMemory(2);
    const parts = await drawn(memory, 3);
    expect(parts.map((part) => [...part])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
    const [long, short] = [memory.take(8, "x"), memory.take(2, "x")];
    expect(long.buffer).not.toBe(short.buffer);
    expect([long.length, short.length]).toEqual([8, 2]);
    expect([...sideBySide(parts, (size) => new Uint8Array(size + 3))]).toEqual([...bytes]);
  });

  it("is where arrays in files are read to, each under the name it has in the batch", async () => {
    const memory = new BatchMemory(2);
    const array = { dtype: "uint8", dims: [6, 1], source: memorySource(bytes), offset: 3 } as const;
    const source = joinSources(
      ["x", "y"].map((name) => renameOnly(arraySource(new Map([["arr_0", array]])), name)),
    );
    const parts = new Map<string, Uint8Array[]>([
      ["x", []],
      ["y", []],
    ]);
    for await (const { tensors } of sampledDataset(source).batches({ size: 3, memory: memory.take })) {
      for (const [name, { data }] of tensors) if (data instanceof Uint8Array) parts.get(name)?.push(data);
    }
    const joined = [...parts.values()].map((each) => [...sideBySide(each, refuse)]);
    expect(joined).toEqual([
      [3, 4, 5, 6, 7, 8],
      [3, 4, 5, 6, 7, 8],
    ]);
  });

  it("joins parts that are not in order by copying them", () => {
    const swapped = [bytes.subarray(2, 4), bytes.subarray(0, 2)];
    expect([...sideBySide(swapped, (size) => new Uint8Array(size))]).toEqual([2, 3, 0, 1]);
    expect(sideBySide([], refuse)).toHaveLength(0);
  });
});
