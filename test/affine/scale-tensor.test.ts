import { describe, expect, it } from "vitest";
import { fitsRange, scaleOverflows, scaleTensor } from "../../src/affine/scale-tensor.js";
import { memorySource } from "../../src/base/bytes.js";
import type { DType, FloatDType } from "../../src/ir/dtype.js";
import { encodeNumbers, Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";

describe("scaleTensor", () => {
  const dtypes: readonly FloatDType[] = ["float", "double", "float16", "bfloat16"];

  for (const dtype of dtypes) {
    it(`${dtype}: every element times the scale of its channel, in float64, rounded once`, () => {
      for (const [dims, channels, inner] of [
        [[4, 3, 2, 5], 4, 30],
        [[4, 3, 2, 5], 3, 10],
        [[3, 4], 4, 1],
        [[7], 7, 1],
        [[2, 3, 1], 2, 3],
        [[0, 3], 3, 1],
      ] as const) {
        const size = dims.reduce((product: number, dim) => product * dim, 1);
        const values = Array.from({ length: size }, (_, i) => Math.sin(i + 1));
        const scale = Float64Array.from({ length: channels }, (_, c) => 1 / 3 + c);
        const tensor = tensorFromNumbers(dtype, dims, values);
        const exact = tensor
          .toFloat64()
          .map((value, i) => value * (scale[Math.floor(i / inner) % channels] ?? NaN));
        const scaled = scaleTensor(tensor, scale, inner);
        expect(scaled.dims).toEqual(dims);
        expect(scaled.dtype).toBe(dtype);
        expect([...scaled.bytes()]).toEqual([...encodeNumbers(dtype, exact)]);
      }
    });

    it(`${dtype}: reads bytes at any offset and leaves them as they are`, () => {
      const plain = encodeNumbers(dtype, [1, -2, 3, -4, 5, -6]);
      const file = new Uint8Array(plain.length + 3);
      file.set(plain, 3);
      const before = file.slice();
      const range = { source: memorySource(file), offset: 3, length: plain.length };
      const tensor = new Tensor(dtype, [3, 2], { kind: "range", range });
      const scaled = scaleTensor(tensor, Float64Array.of(2, 0.5), 1);
      expect([...scaled.toFloat64()]).toEqual([2, -1, 6, -2, 10, -3]);
      // Each read computes the same elements again.
      expect([...scaled.toFloat64()]).toEqual([2, -1, 6, -2, 10, -3]);
      expect(file).toEqual(before);
    });
  }

  it("gives any part of its bytes, to any place", () => {
    for (const dtype of ["float", "double", "float16", "bfloat16"] as const) {
      const tensor = tensorFromNumbers(dtype, [3, 2, 2], [1, -2, 3, -4, 5, -6, 7, -8, 9, 10, 11, 12]);
      const { data } = scaleTensor(tensor, Float64Array.of(0.5, -3), 2);
      if (data.kind !== "range") throw new Error("not a range");
      const { source } = data.range;
      const whole = source.read(0, source.size);
      for (let offset = 0; offset < source.size; offset += 3) {
        for (let length = 0; offset + length <= source.size; length += 5) {
          const part = [...whole.subarray(offset, offset + length)];
          expect([...source.read(offset, length)]).toEqual(part);
          for (const place of [0, 1, 8]) {
            const target = new Uint8Array(place + length + 2).fill(255);
            source.readInto?.(target.subarray(place, place + length), offset);
            if (source.readInto === undefined) continue;
            expect([...target]).toEqual([...new Array<number>(place).fill(255), ...part, 255, 255]);
          }
        }
      }
    }
  });

  it("works in blocks without losing the channel: a tensor larger than any", () => {
    const [rows, inner] = [7, 60_001];
    const values = Float64Array.from({ length: rows * inner }, (_, i) => (i % 997) - 498);
    const scale = Float64Array.from({ length: rows }, (_, c) => c - 2.5);
    const scaled = scaleTensor(tensorFromNumbers("float", [rows, inner], values), scale, inner).toFloat64();
    expect(
      scaled.findIndex((value, i) => value !== (values[i] ?? NaN) * (scale[Math.floor(i / inner)] ?? NaN)),
    ).toBe(-1);
    const columns = scaleTensor(tensorFromNumbers("float", [inner, rows], values), scale, 1).toFloat64();
    expect(columns.findIndex((value, i) => value !== (values[i] ?? NaN) * (scale[i % rows] ?? NaN))).toBe(-1);
  });
});

describe("the range of a type", () => {
  const overflows = (dtype: DType, values: readonly number[], scale: readonly number[], inner = 1): boolean =>
    scaleOverflows(tensorFromNumbers(dtype, [values.length], values), Float64Array.from(scale), inner);

  it("float16: only where the element meets the scale", () => {
    expect(overflows("float16", [40000, 1], [1, 2])).toBe(false);
    expect(overflows("float16", [40000, 1], [2, 1])).toBe(true);
    expect(overflows("float16", [1, 40000], [2, 1], 2)).toBe(true);
    expect(overflows("float16", [1, -40000], [1, -2])).toBe(true);
  });

  it("float16: weights that all sink out of its digits", () => {
    expect(overflows("float16", [0.001, 0.002], [1e-4])).toBe(true);
    expect(overflows("float16", [0.001, 1], [1e-4, 1])).toBe(false);
    expect(overflows("float16", [0.001, 0.002], [0])).toBe(false);
    expect(overflows("float16", [1e-6, 1e-7], [1.5])).toBe(false);
    expect(overflows("bfloat16", [1e-6, 1e-7], [1e-6])).toBe(false);
  });

  it("float and bfloat16: under extreme scales", () => {
    expect(overflows("float", [1e20], [1e10])).toBe(false);
    expect(overflows("float", [1e20], [1e19])).toBe(true);
    expect(overflows("bfloat16", [1e20], [1e19])).toBe(true);
    expect(overflows("double", [1e300], [1e10])).toBe(true);
    expect(overflows("double", [1e20], [1e19])).toBe(false);
  });

  it("allows a weight that is NaN or infinite already, but no such bias", () => {
    expect(overflows("float16", [Infinity, NaN, 1], [2])).toBe(false);
    expect(fitsRange("float", Float64Array.of(1, -3.4e38))).toBe(true);
    expect(fitsRange("float", Float64Array.of(1, 3.5e38))).toBe(false);
    expect(fitsRange("float16", Float64Array.of(65504))).toBe(true);
    expect(fitsRange("float16", Float64Array.of(65536))).toBe(false);
    expect(fitsRange("double", Float64Array.of(NaN))).toBe(false);
  });

  it("integers are never scaled", () => {
    expect(overflows("int8", [1], [1])).toBe(true);
  });
});
