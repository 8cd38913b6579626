import { describe, expect, it } from "vitest";
import { scaleTensor } from "../../src/affine/scale-tensor.js";
import { canTransposeMatrix, transposedFrom, transposeMatrix } from "../../src/affine/transpose-matrix.js";
import { memorySource } from "../../src/base/bytes.js";
import type { DType } from "../../src/ir/dtype.js";
import { Tensor, tensorFromBytes, tensorFromNumbers } from "../../src/ir/tensor.js";

/** Counts up from 0 in row-major order. */
function matrix(rows: number, columns: number, dtype: DType = "float"): Tensor {
  return tensorFromNumbers(
    dtype,
    [rows, columns],
    Array.from({ length: rows * columns }, (_, i) => i),
  );
}

function expectTransposed(tensor: Tensor): void {
  const [rows = 0, columns = 0] = tensor.dims;
  const [before, transposed] = [tensor.toFloat64(), transposeMatrix(tensor)];
  expect(transposed.dims).toEqual([columns, rows]);
  const wanted = Array.from(
    { length: rows * columns },
    (_, i) => before[(i % rows) * columns + Math.floor(i / rows)],
  );
  expect([...transposed.toFloat64()]).toEqual(wanted);
}

describe("transposeMatrix", () => {
  it.each<DType>(["float", "double", "float16", "bfloat16", "int8", "int64"])(
    "moves elements of %s",
    (dtype) => {
      for (const [rows, columns] of [
        [3, 5],
        [4, 4],
        [1, 7],
        [7, 1],
        [17, 3],
        [3, 33],
        [0, 4],
      ] as const) {
        expectTransposed(matrix(rows, columns, dtype));
      }
    },
  );

  it("keeps the bits of NaN", () => {
    const bytes = new Uint8Array(Uint32Array.of(0x7fc00001, 0xffc12345, 0x7f800001, 0x80000000).buffer);
    const transposed = transposeMatrix(tensorFromBytes("float", [2, 2], bytes));
    expect([...new Uint32Array(transposed.bytes().slice().buffer)]).toEqual([
      0x7fc00001, 0x7f800001, 0xffc12345, 0x80000000,
    ]);
  });

  it("gives any part of the bytes, in any order", () => {
    const transposed = transposeMatrix(matrix(5, 3));
    const whole = transposed.bytes();
    for (let from = whole.length - 1; from >= 0; from -= 3) {
      const part = new Uint8Array(Math.min(7, whole.length - from));
      transposed.readInto(part, from);
      expect([...part]).toEqual([...whole.slice(from, from + part.length)]);
    }
  });

  it("reads a large matrix once, whether it is read whole or block by block", () => {
    const [rows, columns] = [2048, 4096];
    const stored = memorySource(new Uint8Array(new Float32Array(rows * columns).map((_, i) => i).buffer));
    let read = 0;
    const source = {
      size: stored.size,
      read: (offset: number, length: number) => {
        read += length;
        return stored.read(offset, length);
      },
    };
    const range = { source, offset: 0, length: source.size };
    const transposed = transposeMatrix(new Tensor("float", [rows, columns], { kind: "range", range }));
    const block = new Uint8Array(2 ** 20);
    for (let offset = 0; offset < source.size; offset += block.length) {
      transposed.readInto(block, offset);
      const [row, column] = [Math.floor(offset / 4 / rows), (offset / 4) % rows];
      expect(new Float32Array(block.buffer)[0]).toBe(Math.fround(column * columns + row));
    }
    expect(read).toBe(source.size);
  });

  it("reads only the columns of a sample", () => {
    const [rows, columns] = [64, 512];
    const stored = memorySource(matrix(rows, columns).bytes());
    let read = 0;
    const source = {
      size: stored.size,
      read: (offset: number, length: number) => {
        read += length;
        return stored.read(offset, length);
      },
    };
    const range = { source, offset: 0, length: source.size };
    const transposed = transposeMatrix(new Tensor("float", [rows, columns], { kind: "range", range }));
    const sample = new Float32Array(rows);
    for (const column of [300, 0, 511]) {
      transposed.readInto(new Uint8Array(sample.buffer), column * rows * 4);
      expect([...sample]).toEqual(Array.from({ length: rows }, (_, row) => row * columns + column));
    }
    expect(read).toBe(3 * rows * 4);
  });

  it("gives the same tensor for the same matrix, and the matrix for its transpose", () => {
    const tensor = matrix(2, 3);
    const transposed = transposeMatrix(tensor);
    expect(transposeMatrix(tensor)).toBe(transposed);
    expect(transposeMatrix(transposed)).toBe(tensor);
    expect(transposedFrom(transposed)).toBe(tensor);
    expect(transposedFrom(tensor)).toBeUndefined();
  });

  it("a transpose is scaled through its matrix, so that it is rounded once", () => {
    const tensor = matrix(3, 5);
    const [rows, columns] = [Float64Array.of(0.1, 0.2, 0.3), Float64Array.of(3, 5, 7, 11, 13)];
    const wanted = transposeMatrix(scaleTensor(scaleTensor(tensor, rows, 5), columns, 1));
    const transposed = transposeMatrix(tensor);
    expect([...scaleTensor(scaleTensor(transposed, rows, 1), columns, 3).bytes()]).toEqual([
      ...wanted.bytes(),
    ]);
    const uniform = scaleTensor(transposed, Float64Array.of(0.1), 15);
    expect([...uniform.bytes()]).toEqual([
      ...transposeMatrix(scaleTensor(tensor, Float64Array.of(0.1), 15)).bytes(),
    ]);
  });
});

it("canTransposeMatrix tells matrices whose elements can be moved", () => {
  expect(canTransposeMatrix(matrix(2, 3))).toBe(true);
  expect(canTransposeMatrix(tensorFromNumbers("float", [2, 3, 1], [1, 2, 3, 4, 5, 6]))).toBe(false);
  expect(canTransposeMatrix(tensorFromNumbers("int4", [2, 2], [1, 2, 3, 4]))).toBe(false);
  expect(
    canTransposeMatrix(new Tensor("string", [1, 1], { kind: "strings", values: [new Uint8Array()] })),
  ).toBe(false);
});
