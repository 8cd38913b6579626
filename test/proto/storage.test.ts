import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { equalBytes, memorySource } from "../../src/base/bytes.js";
import { byteLengthOf, DTYPES, type DType, dtypeCode } from "../../src/ir/dtype.js";
import { Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { encodeModel, encodeToBytes } from "../../src/proto/encode.js";
import { modelFromProto, modelToProto } from "../../src/proto/objects.js";
import { decode, encode, failure, joined, type Message, modelBytes, seen, text8 } from "./support.js";

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

describe("raw and other storage", () => {
  it.each(DTYPES.filter((dtype) => dtype !== "undefined" && dtype !== "string"))("raw %s", (dtype) => {
    const bytes = Uint8Array.from({ length: byteLengthOf(dtype, 5) }, (_, i) => i + 1);
    const tensor = read({ data_type: dtypeCode(dtype), dims: [5], raw_data: bytes });
    expect(equalBytes(tensor.bytes(), bytes)).toBe(true);
    expect(tensor.data.kind).toBe("range");
  });

  it("strings are bytes", () => {
    const tensor = read({ data_type: 8, dims: [2], string_data: [text8("é"), Uint8Array.of(255)] });
    expect(tensor.data).toMatchObject({ kind: "strings", values: [text8("é"), Uint8Array.of(255)] });
  });

  it("sparse initializers", () => {
    const sparse = {
      values: { dims: [2], data_type: 1, float_data: [1, 2], name: "s" },
      indices: { dims: [2, 2], data_type: 7, int64_data: [0, 1, 2, 0] },
      dims: [3, 4],
    };
    const [value] = decode(modelBytes({ sparse_initializer: [sparse] })).graph.initializers;
    expect(value?.name).toBe("s");
    expect(value?.sparse?.dims).toEqual([3, 4]);
    expect(value?.sparse?.indices.toIntegers()).toEqual([0, 1, 2, 0]);
  });

  it("element types newer than this version stay as they are", () => {
    const bytes = modelBytes({
      initializer: [{ name: "w", data_type: 77, dims: [3], raw_data: Uint8Array.of(1, 2) }],
    });
    expect(equalBytes(encode(decode(bytes)), bytes)).toBe(true);
  });

  it("new tensors are written as raw_data, and computed only when they are reached", () => {
    const model = decode(modelBytes());
    let computed = 0;
    const compute = (): Uint8Array => {
      computed++;
      return new Uint8Array(8);
    };
    model.graph.addInitializer("lazy", new Tensor("float", [2], { kind: "computed", compute }));
    model.graph.addInitializer("half", tensorFromNumbers("float16", [1, 1], [0.5]));
    const encoded = encodeModel(model);
    expect(computed).toBe(0);
    const { graph } = onnx.ModelProto.decode(joined(encoded));
    expect(computed).toBe(1);
    expect(
      graph?.initializer?.map(({ name, dims, dataType }) => [name, dims?.map(Number), dataType]),
    ).toEqual([
      ["lazy", [2], 1],
      ["half", [1, 1], 10],
    ]);
    expect([...(graph?.initializer?.[1]?.rawData ?? [])]).toEqual([0, 0x38]);
  });

  it("a computed tensor that breaks its promise is a bug, not a broken file", () => {
    const model = decode(modelBytes());
    const compute = (): Uint8Array => new Uint8Array(4);
    model.graph.addInitializer("w", new Tensor("float", [2], { kind: "computed", compute }));
    expect(failure(() => encode(model)).code).toBe("internal");
  });

  it("before IR version 4, new initializers are listed as inputs", () => {
    const model = decode(modelBytes({}, { ir_version: 3 }));
    model.graph.addInitializer("w", tensorFromNumbers("float", [2, 3], [1, 2, 3, 4, 5, 6]));
    const { graph } = onnx.ModelProto.decode(encode(model));
    expect(graph?.input?.map((info) => info.name)).toEqual(["x", "w"]);
    expect(graph?.input?.[1]?.type?.tensorType?.shape?.dim?.map((dim) => Number(dim.dimValue))).toEqual([
      2, 3,
    ]);
  });
});

describe("external data", () => {
  const file = Uint8Array.from({ length: 100 }, (_, i) => i);
  const files = { open: () => memorySource(file) };
  const external = (entries: Record<string, string>, name = "w"): Message => ({
    name,
    dims: [2],
    data_type: 1,
    external_data: Object.entries(entries).map(([key, value]) => ({ key, value })),
    data_location: 1,
  });
  const bytes = modelBytes({ initializer: [external({ location: "w.bin", offset: "12", length: "8" })] });

  it("is read from its place and written as it was", () => {
    const model = decode(bytes, { external: files });
    const [value] = model.graph.initializers;
    expect(value?.tensor?.bytes()).toEqual(file.slice(12, 20));
    expect(equalBytes(encode(model), bytes)).toBe(true);
  });

  it("is taken into the model on request, all else kept", () => {
    const { graph } = onnx.ModelProto.decode(encodeToBytes(decode(bytes, { external: files })));
    const [tensor] = graph?.initializer ?? [];
    expect([...(tensor?.rawData ?? [])]).toEqual([...file.slice(12, 20)]);
    expect(tensor?.externalData).toEqual([]);
    expect(tensor?.name).toBe("w");
  });

  it("moves into a file of its own, shared elements once, big tensors on a page", () => {
    const model = decode(bytes, { external: files });
    const shared = tensorFromNumbers("double", [100], new Float64Array(100).fill(1));
    model.graph.addInitializer("a", shared);
    model.graph.addInitializer("b", shared);
    const huge = new Tensor("uint8", [2 ** 20], {
      kind: "computed",
      compute: () => new Uint8Array(2 ** 20).fill(7),
    });
    model.graph.addInitializer("huge", huge);
    const encoded = encodeModel(model, { externalData: { location: "m.data", threshold: 100 } });
    const data = joined(encoded.external ?? encoded);
    const { graph } = onnx.ModelProto.decode(joined(encoded));
    const entries = graph?.initializer?.map(({ name, externalData }) => [
      name,
      ...(externalData ?? []).map(({ value }) => value),
    ]);
    expect(entries).toEqual([
      ["w"],
      ["a", "m.data", "0", "800"],
      ["b", "m.data", "0", "800"],
      ["huge", "m.data", "4096", "1048576"],
    ]);
    expect(data.length).toBe(4096 + 2 ** 20);
    expect(data[4096]).toBe(7);
    const again = decode(joined(encoded), { external: { open: () => memorySource(data) } });
    expect([...again.graph.initializers].map((value) => value.tensor?.bytes().length)).toEqual([
      8,
      800,
      800,
      2 ** 20,
    ]);
  });

  it("is missing where it is not given, and an error where it should be there", () => {
    const model = decode(bytes);
    const [value] = model.graph.initializers;
    expect(value?.tensor?.data.kind).toBe("missing");
    expect(value?.tensor?.dims).toEqual([2]);
    expect(failure(() => value?.tensor?.bytes())).toMatchObject({
      id: "external-file-is-not-given",
      message: expect.stringContaining("w.bin"),
    });
    expect(equalBytes(encode(model), bytes)).toBe(true);
  });

  it.each([
    [{ location: "w.bin", offset: "96" }, "external-file-is-too-short", /byte 104 of "w.bin", which has 100/],
    [{ location: "w.bin", offset: "-1" }, "external-number-is-malformed", /offset "-1"/],
    [{ location: "w.bin", offset: "1e3" }, "external-number-is-malformed", /offset "1e3"/],
    [{ location: "w.bin", length: "4" }, "external-length-differs", /4 bytes long, but the dims need 8/],
    [{ location: "w.bin", offset: "99999999999999999999" }, "external-number-is-malformed", /9{20}/],
    [{ offset: "0" }, "external-location-is-missing", /location/],
  ])("refuses %j", (entries, id, message) => {
    const error = failure(() =>
      decode(modelBytes({ initializer: [external(entries)] }), { external: files, file: "m.onnx" }),
    );
    expect(error.id).toBe(id);
    expect(error.message).toMatch(message);
    expect(error.describe()).toContain('m.onnx, tensor "w"');
  });
});

const built = new URL("../../dist/src/proto/objects.js", import.meta.url);

describe("objects of onnx-proto", () => {
  // Node and vitest differ in what they see of a CommonJS package.
  it.skipIf(!existsSync(built))("become models outside vitest too (skipped: not built)", () => {
    const proto = { irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph: { name: "plain" } };
    const script = `
      const { modelFromProto } = await import(${JSON.stringify(built.href)});
      console.log((await modelFromProto(${JSON.stringify(proto)})).graph.name);
    `;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(out).toBe("plain\n");
  });

  it("become models and come back", async () => {
    const proto = onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 17 }],
      graph: {
        name: "g",
        node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
        input: [{ name: "x", type: { tensorType: { elemType: 1 } } }],
        output: [{ name: "y", type: { tensorType: { elemType: 1 } } }],
        initializer: [{ name: "w", dims: [1], dataType: 1, floatData: [3] }],
      },
    });
    const model = await modelFromProto(proto);
    expect(model.graph.first?.opType).toBe("Relu");
    const back = modelToProto(model, onnx.ModelProto);
    expect(onnx.ModelProto.encode(back).finish()).toEqual(onnx.ModelProto.encode(proto).finish());
    expect(seen(encode(model))).toEqual(seen(onnx.ModelProto.encode(proto).finish()));
  });
});
