import { describe, expect, it } from "vitest";
import { type Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { vectorPacks } from "../../src/training/packs.js";

const floats = (...dims: readonly number[]): Tensor =>
  tensorFromNumbers("float", dims, new Array(dims.reduce((size, dim) => size * dim, 1)).fill(0));

describe("vectorPacks", () => {
  it("groups short vectors of one type and key, in the order of the first of each", () => {
    const items = [
      { name: "a", tensor: floats(3), key: "decays" },
      { name: "W", tensor: floats(3, 3), key: "decays" },
      { name: "b", tensor: floats(5), key: "decays" },
      { name: "c", tensor: floats(3), key: "stays" },
      { name: "d", tensor: tensorFromNumbers("double", [3], [0, 0, 0]), key: "decays" },
      { name: "e", tensor: floats(2), key: "stays" },
    ];
    const packs = vectorPacks(
      items,
      ({ tensor }) => tensor,
      ({ key }) => key,
    );
    expect(packs.map((pack) => pack.map(({ name }) => name).join(""))).toEqual(["ab", "W", "ce", "d"]);
  });

  it("leaves a long vector alone", () => {
    const packs = vectorPacks(
      [floats(4096), floats(4097), floats(1)],
      (tensor) => tensor,
      () => "",
    );
    expect(packs.map((pack) => pack.map(({ size }) => size))).toEqual([[4096, 1], [4097]]);
  });
});
