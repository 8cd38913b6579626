import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { removeChunks } from "../../src/reduce/chunks.js";

/** The items left, and the tries made, where just the `wanted` ones are needed. */
async function left(count: number, wanted: ReadonlySet<number>): Promise<{ items: number[]; tries: number }> {
  let items = Array.from({ length: count }, (_, index) => index);
  let tries = 0;
  await removeChunks(
    () => items,
    (chunk) => {
      tries++;
      if (chunk.some((item) => wanted.has(item))) return Promise.resolve(false);
      const gone = new Set(chunk);
      items = items.filter((item) => !gone.has(item));
      return Promise.resolve(true);
    },
  );
  return { items, tries };
}

describe("removeChunks", () => {
  it("leaves what is needed", async () => {
    const cases = fc.tuple(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([count, wanted]) => {
        const needed = new Set(wanted.filter((item) => item < count));
        expect((await left(count, needed)).items).toEqual([...needed].sort((a, b) => a - b));
      }),
    );
  });

  it("finds one among a thousand in a few tries", async () => {
    const { items, tries } = await left(1000, new Set([421]));
    expect(items).toEqual([421]);
    expect(tries).toBeLessThan(40);
  });

  it("goes on when others went with a chunk", async () => {
    let items = [1, 2, 3, 4, 5, 6, 7, 8];
    await removeChunks(
      () => items,
      (chunk) => {
        if (chunk.includes(1)) return Promise.resolve(false);
        items = [1];
        return Promise.resolve(true);
      },
    );
    expect(items).toEqual([1]);
  });
});
