import { describe, expect, it } from "vitest";
import { Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { TensorIndex } from "../../src/rewrite/tensor-index.js";

const floats = (...values: readonly number[]): Tensor => tensorFromNumbers("float", [values.length], values);

describe("TensorIndex", () => {
  it("gives equal tensors one number, whatever holds their bytes", () => {
    const index = new TensorIndex();
    const a = floats(1, 2, 3);
    const twin = new Tensor("float", [3], { kind: "computed", compute: () => a.bytes() });
    expect(index.idOf(a)).toBe(index.idOf(twin));
    expect(index.idOf(a)).toBe(index.idOf(a));
  });

  it("tells types, sizes and single bits apart", () => {
    const index = new TensorIndex();
    const tensors = [
      floats(0),
      floats(-0),
      floats(1, 2),
      floats(1, 3),
      floats(1, 2).reshaped([2, 1]),
      tensorFromNumbers("int32", [2], [1, 2]),
    ];
    expect(new Set(tensors.map((tensor) => index.idOf(tensor))).size).toBe(tensors.length);
  });

  it("finds a difference far from the places that it samples", () => {
    const size = 100_000;
    const values = new Array<number>(size).fill(0);
    const other = [...values];
    other[30_000] = 1;
    const index = new TensorIndex();
    expect(index.idOf(floats(...values.slice(0, 3)))).not.toBe(undefined);
    const [a, b, c] = [values, other, values].map((list) => tensorFromNumbers("float", [size], list));
    if (a === undefined || b === undefined || c === undefined) throw new Error("tensors");
    expect(index.idOf(a)).not.toBe(index.idOf(b));
    expect(index.idOf(a)).toBe(index.idOf(c));
  });

  it("compares texts", () => {
    const texts = (...values: readonly string[]): Tensor =>
      new Tensor("string", [values.length], {
        kind: "strings",
        values: values.map((text) => new TextEncoder().encode(text)),
      });
    const index = new TensorIndex();
    expect(index.idOf(texts("a", "b"))).toBe(index.idOf(texts("a", "b")));
    expect(index.idOf(texts("a", "b"))).not.toBe(index.idOf(texts("a", "c")));
  });
});
