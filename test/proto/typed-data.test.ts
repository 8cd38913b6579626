import { describe, expect, it } from "vitest";
import { present } from "../../src/base/assert.js";
import { byteLengthOf, type DType, dtypeCode } from "../../src/ir/dtype.js";
import type { Tensor } from "../../src/ir/tensor.js";
import { decode, failure, type Message, modelBytes } from "./support.js";

/** The initializer that `message` describes, after reading a model with it. */
function read(message: Message): Tensor {
  const model = decode(modelBytes({ initializer: [{ name: "w", ...message }] }));
  for (const value of model.graph.initializers) if (value.tensor !== undefined) return value.tensor;
  throw new Error("no initializer");
}

/** Element patterns of raw_data, one number each. */
function patterns(dtype: DType, bytes: Uint8Array, count: number): number[] {
  const bits = byteLengthOf(dtype, 8);
  const all = [...bytes].reduce((sum, byte, index) => sum | (BigInt(byte) << BigInt(8 * index)), 0n);
  return Array.from({ length: count }, (_, i) =>
    Number((all >> BigInt(i * bits)) & ((1n << BigInt(bits)) - 1n)),
  );
}

describe("typed fields", () => {
  const cases: readonly [
    dtype: DType,
    field: string,
    entries: unknown[],
    dims: number[],
    values: number[],
  ][] = [
    ["float", "float_data", [1.5, -2, 3], [3], [1.5, -2, 3]],
    ["double", "double_data", [1e300, -0.1], [2, 1], [1e300, -0.1]],
    ["int32", "int32_data", [-1, 2 ** 31 - 1], [2], [-1, 2 ** 31 - 1]],
    ["int16", "int32_data", [-32768, 7], [2], [-32768, 7]],
    ["uint16", "int32_data", [65535, 7], [2], [65535, 7]],
    ["int8", "int32_data", [-128, 127], [2], [-128, 127]],
    ["uint8", "int32_data", [255, 0, 1], [3], [255, 0, 1]],
    ["bool", "int32_data", [1, 0], [2], [1, 0]],
    ["int64", "int64_data", ["-9007199254740991", "5"], [2], [-9007199254740991, 5]],
    ["uint64", "uint64_data", ["9007199254740991", "5"], [2], [9007199254740991, 5]],
    ["uint32", "uint64_data", ["4294967295", "5"], [2], [4294967295, 5]],
    ["float16", "int32_data", [0x3c00, 0xc000], [2], [1, -2]],
    ["bfloat16", "int32_data", [0x3f80, 0xc000], [2], [1, -2]],
    ["float8e4m3fn", "int32_data", [0x38, 0xb8], [2], [1, -1]],
    ["float8e5m2", "int32_data", [0x3c, 0xbc], [2], [1, -1]],
    ["float8e8m0", "int32_data", [127, 128], [2], [1, 2]],
    ["int4", "int32_data", [0xf1, 0x07], [3], [1, -1, 7]],
    ["uint4", "int32_data", [0xf1, 0x07], [3], [1, 15, 7]],
    ["float4e2m1", "int32_data", [0xa2], [2], [1, -1]],
    ["uint2", "int32_data", [0xe4, 0x01], [5], [0, 1, 2, 3, 1]],
    ["int2", "int32_data", [0xe4, 0x01], [5], [0, 1, -2, -1, 1]],
    ["float", "float_data", [4], [], [4]],
    ["float", "float_data", [], [0, 3], []],
  ];
  it.each(cases)("%s in %s %j", (dtype, field, entries, dims, values) => {
    const tensor = read({ data_type: dtypeCode(dtype), dims, [field]: entries });
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.dims).toEqual(dims);
    expect([...tensor.toFloat64()]).toEqual(values);
    expect(tensor.bytes().length).toBe(tensor.byteLength);
  });

  it("complex numbers are two entries each", () => {
    const small = read({ data_type: 14, dims: [2], float_data: [1, 2, 3, 4] });
    expect([...new Float32Array(small.bytes().slice().buffer)]).toEqual([1, 2, 3, 4]);
    const big = read({ data_type: 15, dims: [1], double_data: [0.1, -0.2] });
    expect([...new Float64Array(big.bytes().slice().buffer)]).toEqual([0.1, -0.2]);
  });

  it("float6 is one entry per element, and four elements in three bytes", () => {
    const codes = [1, 63, 32, 21, 7];
    for (const dtype of ["float6e2m3", "float6e3m2"] as const) {
      const tensor = read({ data_type: dtypeCode(dtype), dims: [5], int32_data: codes });
      expect(tensor.bytes().length).toBe(4);
      expect(patterns(dtype, tensor.bytes(), 5)).toEqual(codes);
    }
  });

  it("entries may be written one by one instead of packed, and both mixed", () => {
    // name "w", float[3]: one packed list of two, then one entry on its own.
    const tensor = [8, 3, 16, 1, 66, 1, 119, 34, 8, 0, 0, 128, 63, 0, 0, 0, 64, 37, 0, 0, 64, 64];
    const ints = [8, 3, 16, 7, 66, 1, 105, 56, 5, 58, 2, 6, 7];
    const graph = [42, tensor.length, ...tensor, 42, ints.length, ...ints];
    const model = decode(Uint8Array.from([8, 8, 58, graph.length, ...graph, 66, 2, 16, 20]));
    const values = [...model.graph.initializers].map((value) => [...(value.tensor?.toFloat64() ?? [])]);
    expect(values).toEqual([
      [1, 2, 3],
      [5, 6, 7],
    ]);
  });
});

describe("a file that changes between the count and the reading", () => {
  // Two entries of one byte each are 01 02; 81 02 is one entry, and 01 02 03 of four bytes that were two entries are three.
  it.each([
    ["holds fewer entries", ["1", "2"], 2, [0x01, 0x02], [0x81, 0x02]],
    ["holds more entries", ["129", "2"], 2, [0x81, 0x01, 0x02], [0x01, 0x01, 0x02]],
  ])("%s", (_, entries, count, before, after) => {
    const bytes = modelBytes({
      initializer: [{ name: "w", dims: [count], data_type: 7, int64_data: entries }],
    });
    const tensor = present([...decode(bytes).graph.initializers][0]?.tensor, "an initializer");
    bytes.set(after, Buffer.from(bytes).indexOf(Buffer.from(before)));
    expect(failure(() => tensor.bytes()).id).toBe("file-changed-while-read");
  });
});
