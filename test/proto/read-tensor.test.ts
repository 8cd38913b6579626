import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { equalBytes } from "../../src/base/bytes.js";
import { byteLengthOf, DTYPES, dtypeCode } from "../../src/ir/dtype.js";
import { Tensor, tensorFromNumbers } from "../../src/ir/tensor.js";
import { encodeModel } from "../../src/proto/encode.js";
import { decode, encode, failure, joined, type Message, modelBytes, text8 } from "./support.js";

/** The initializer that `message` describes, after reading a model with it. */
function read(message: Message): Tensor {
  const model = decode(modelBytes({ initializer: [{ name: "w", ...message }] }));
  for (const value of model.graph.initializers) if (value.tensor !== undefined) return value.tensor;
  throw new Error("no initializer");
}

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
