import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { arraySource, joinSources, renameOnly, sampledDataset } from "../../src/data/sampled.js";

const array = (values: readonly number[], ...inner: readonly number[]) => {
  const width = inner.reduce((size, dim) => size * dim, 1);
  return {
    dtype: "uint8" as const,
    dims: [values.length / width, ...inner],
    source: memorySource(Uint8Array.of(99, ...values)),
    offset: 1,
  };
};
const read = async (source: ReturnType<typeof arraySource>, ...at: readonly number[]) =>
  Object.fromEntries(
    [...(await source.read(Uint32Array.from(at)))].map(([name, { dims, data }]) => [name, [dims, [...data]]]),
  );

describe("a source of arrays", () => {
  const source = arraySource(new Map([["x", array([1, 2, 3, 4, 5, 6], 2)]]));

  it("reads rows in any order, those side by side at once", async () => {
    expect(source.size).toBe(3);
    expect(await read(source, 2, 0, 1)).toEqual({
      x: [
        [3, 2],
        [5, 6, 1, 2, 3, 4],
      ],
    });
    expect(await read(source, 1)).toEqual({
      x: [
        [1, 2],
        [3, 4],
      ],
    });
  });

  it("joins with labels of as many samples, under names of their own", async () => {
    const labels = arraySource(new Map([["arr_0", array([7, 8, 9])]]));
    const joined = joinSources([source, renameOnly(labels, "labels")]);
    expect(await read(joined, 2)).toEqual({
      x: [
        [1, 2],
        [5, 6],
      ],
      labels: [[1], [9]],
    });
    expect(() => joinSources([source, arraySource(new Map([["y", array([1])]]))])).toThrow(
      expect.objectContaining({ name: "NormfoldError" }),
    );
    expect(() => joinSources([source, source])).toThrow(
      expect.objectContaining({ id: "name-is-in-data-twice" }),
    );
  });

  it("gives batches up to the limit, behind those that were skipped", async () => {
    const places: number[][] = [];
    for await (const { places: at } of sampledDataset(source).batches({ size: 2, skip: 1 }))
      places.push([...Array.from(at ?? [])]);
    expect(places).toEqual([[2]]);
  });
});
