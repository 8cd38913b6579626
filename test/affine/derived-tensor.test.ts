import { describe, expect, it } from "vitest";
import { derivedTensor, leavesRange, readElements } from "../../src/affine/derived-tensor.js";
import { tensorFromNumbers } from "../../src/ir/tensor.js";

describe("derivedTensor", () => {
  it("computes only the elements that are read, each time", () => {
    const asked: [number, number][] = [];
    const source = tensorFromNumbers("float", [6], [1, 2, 3, 4, 5, 6]);
    const tensor = derivedTensor("float", [2, 3], [source], (first, count) => {
      asked.push([first, count]);
      return readElements(source, first, count).map((value) => 2 * value);
    });
    expect([tensor.dims, tensor.byteLength]).toEqual([[2, 3], 24]);
    expect([...readElements(tensor, 2, 3)]).toEqual([6, 8, 10]);
    expect(asked).toEqual([[2, 3]]);
    expect([...tensor.toFloat64()]).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it("gives bytes from any place on", () => {
    const tensor = derivedTensor("float", [3], [], (first, count) =>
      Float64Array.from({ length: count }, (_, i) => first + i),
    );
    const whole = tensor.bytes();
    const part = new Uint8Array(5);
    tensor.readInto(part, 3);
    expect([...part]).toEqual([...whole.subarray(3, 8)]);
  });

  it("ends a long chain by holding the bytes", () => {
    let reads = 0;
    let tensor = tensorFromNumbers("float", [1], [0]);
    for (let i = 0; i < 100; i++) {
      const before = tensor;
      tensor = derivedTensor("float", [1], [before], (first, count) => {
        reads++;
        return readElements(before, first, count).map((value) => value + 1);
      });
    }
    reads = 0;
    expect([...tensor.toFloat64()]).toEqual([100]);
    expect(reads).toBeLessThan(40);
  });
});

it("leavesRange looks at half precision alone", () => {
  expect(leavesRange(tensorFromNumbers("float16", [2], [1, 1e6]))).toBe(true);
  expect(leavesRange(tensorFromNumbers("float16", [2], [1, 2]))).toBe(false);
  expect(leavesRange(tensorFromNumbers("float", [1], [Number.POSITIVE_INFINITY]))).toBe(false);
});
