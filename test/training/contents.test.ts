import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";
import { Contents } from "../../src/training/contents.js";

function found(dims: readonly number[], numbers: readonly number[]): readonly string[] {
  const contents = new Contents(tensorFromNumbers("float", dims, numbers));
  const { nonFinite, wholeNumbers, zerosAndOnes, oneHot, position } = contents;
  const found = [nonFinite, wholeNumbers, zerosAndOnes, oneHot, position];
  const ids = found.flatMap((refusal) => refusal?.id ?? []);
  return contents.isZero ? ["zero", ...ids] : ids;
}

const grid = (rows: number, columns: number, at: (row: number, column: number) => number): number[] =>
  Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
const angle = (position: number, pair: number): number => position / 100 ** (pair / 4);

describe("Contents", () => {
  const random = createRandom(3);
  const noise = Array.from({ length: 64 }, () => random.normal());

  it.each<[string, readonly string[], readonly number[], readonly number[]]>([
    ["learned numbers", [], [8, 8], noise],
    ["ones", ["holds-whole-numbers"], [2, 2], [1, 1, 1, 1]],
    ["zeros", ["zero", "holds-whole-numbers"], [2, 2], [0, 0, 0, 0]],
    ["a causal mask", ["holds-non-finite"], [2, 2], [0, -Infinity, 0, 0]],
    ["a finite mask", ["holds-whole-numbers"], [2, 2], [0, -1e9, 0, 0]],
    ["a mask of zeros and ones", ["holds-whole-numbers", "holds-zeros-and-ones"], [2, 2], [0, 1, 1, 1]],
    [
      "one-hot rows",
      ["holds-whole-numbers", "holds-zeros-and-ones", "holds-one-hot-rows"],
      [2, 3],
      [0, 1, 0, 0, 0, 1],
    ],
    [
      "sines and cosines side by side",
      ["holds-sines-and-cosines"],
      [6, 8],
      grid(6, 8, (row, column) => {
        const at = angle(row, Math.floor(column / 2));
        return column % 2 === 0 ? Math.sin(at) : Math.cos(at);
      }),
    ],
    [
      "sines and then cosines, with a batch of one",
      ["holds-sines-and-cosines"],
      [1, 6, 8],
      grid(6, 8, (row, column) =>
        column < 4 ? Math.sin(angle(row, column)) : Math.cos(angle(row, column - 4)),
      ),
    ],
    ["slopes by distance", ["holds-ramps"], [2, 5], grid(2, 5, (row, column) => (column * -0.3) / (row + 1))],
    ["coordinates", ["holds-ramps"], [5, 2], grid(5, 2, (row) => -0.9 + 0.45 * row)],
    ["a row of evenly spaced channels", [], [5], [0.1, 0.2, 0.3, 0.4, 0.5]],
    ["equal numbers", [], [4, 2], new Array(8).fill(0.5)],
  ])("%s: %j", (_, ids, dims, numbers) => {
    expect(found(dims, numbers)).toEqual(ids);
  });
});
