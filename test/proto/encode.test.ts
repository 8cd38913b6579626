import { readFileSync } from "node:fs";
import { onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { createModel } from "../../src/ir/model.js";
import { Tensor } from "../../src/ir/tensor.js";
import { decodeModel } from "../../src/proto/decode.js";
import { encodeModel, encodeToBytes } from "../../src/proto/encode.js";
import {
  decode,
  encode,
  failure,
  type Message,
  modelBytes,
  seen,
  sharedModels,
  text8,
  wire,
} from "./support.js";

const models = sharedModels();

/** The nodes of a decoded model by their first output: some models in the wild are not in topological order. */
function withSortedNodes(model: Message): unknown {
  const copy = structuredClone(model) as { graph: { node: { output?: string[] }[] } };
  copy.graph.node.sort((a, b) => (String(a.output?.[0]) < String(b.output?.[0]) ? -1 : 1));
  return copy;
}

describe.skipIf(models.length === 0)("models of ../shared/models (skipped: the folder is absent)", () => {
  it("are written as they were read", () => {
    const reordered: string[] = [];
    for (const path of models) {
      const original = new Uint8Array(readFileSync(path));
      const written = encode(decodeModel(memorySource(original), { file: path }));
      if (Buffer.compare(original, written) === 0) continue;
      reordered.push(path.replace(/^.*\//, ""));
      expect(withSortedNodes(seen(written)), path).toEqual(withSortedNodes(seen(original)));
      const [before, after] = [original, written].map((bytes) =>
        withSortedNodes(onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: String })),
      );
      expect(after, path).toEqual(before);
    }
    // These have nodes before their producers, which is put right.
    expect(reordered).toEqual([
      "bert-toy-contrib.onnx",
      "layer-batchnorm.onnx",
      "nhwc-hourglass-unrunnable.onnx",
    ]);
  });

  it("are the same model when read through a window", () => {
    for (const path of models.filter((name) => name.includes("/zoo/")).slice(0, 4)) {
      const bytes = new Uint8Array(readFileSync(path));
      // A source that never aliases, as files do.
      const source = {
        size: bytes.length,
        read: (at: number, length: number) => bytes.slice(at, at + length),
      };
      expect(Buffer.compare(encode(decodeModel(source)), bytes)).toBe(0);
    }
  });
});

/** A message with every field of IR 14 that has a value, to see that none is lost. */
function fullModel(): Message {
  const metadata_props = [{ key: "k", value: "v" }, { key: "only a key" }];
  const tensor = {
    dims: ["2"],
    data_type: 1,
    name: "t",
    raw_data: new Uint8Array(8),
    doc_string: "d",
    metadata_props,
  };
  const body = {
    node: [{ input: ["c"], output: ["inner"], op_type: "Not" }],
    name: "then",
    output: [{ name: "inner", type: { tensor_type: { elem_type: 9 } } }],
    metadata_props,
  };
  const sharding = {
    tensor_name: "x",
    device: ["0", "1"],
    sharded_dim: [{ axis: "0", simple_sharding: [{ dim_value: "4", num_shards: "2" }] }],
  };
  return {
    ir_version: "14",
    producer_name: "",
    producer_version: "1",
    domain: "test",
    model_version: "9223372036854775807",
    doc_string: "doc",
    graph: {
      node: [
        {
          input: ["x", "", "w"],
          output: ["y", ""],
          name: "n",
          op_type: "Op",
          attribute: [
            { name: "f", f: 1.5, type: 1 },
            { name: "i", i: "-9223372036854775808", type: 2, doc_string: "an int" },
            { name: "s", s: text8("\u00e9"), type: 3 },
            { name: "t", t: tensor, type: 4 },
            { name: "fs", floats: [1, 2], type: 6 },
            { name: "is", ints: ["1", "-1"], type: 7 },
            { name: "ss", strings: [text8("a"), text8("")], type: 8 },
            { name: "ts", tensors: [tensor, tensor], type: 9 },
            { name: "tp", tp: { optional_type: { elem_type: { tensor_type: { elem_type: 1 } } } }, type: 13 },
            { name: "tps", type_protos: [{ map_type: { key_type: 7, value_type: {} } }], type: 14 },
            { name: "none", ints: [], type: 7 },
          ],
          doc_string: "node doc",
          domain: "custom",
          overload: "o",
          metadata_props,
          device_configurations: [{ configuration_id: "c", sharding_spec: [sharding], pipeline_stage: 1 }],
        },
        {
          input: ["c"],
          output: ["z"],
          op_type: "If",
          attribute: [
            { name: "then_branch", g: body, type: 5, doc_string: "graph attribute" },
            { name: "else_branch", g: body, type: 5 },
            { name: "more", graphs: [body], type: 10 },
          ],
        },
      ],
      name: "g",
      initializer: [{ dims: [], data_type: 1, float_data: [2], name: "w" }],
      doc_string: "graph doc",
      input: [
        {
          name: "x",
          type: { denotation: "IMAGE", tensor_type: { elem_type: 1, shape: { dim: [{ denotation: "D" }] } } },
        },
        { name: "c", type: { tensor_type: { elem_type: 9, shape: {} } }, doc_string: "", metadata_props },
      ],
      output: [{ name: "y" }, { name: "z" }, { name: "x", doc_string: "handed through" }],
      value_info: [
        { name: "nothing" },
        { name: "w", type: { sequence_type: {} } },
        { name: "y", doc_string: "declared twice" },
      ],
      quantization_annotation: [
        { tensor_name: "x", quant_parameter_tensor_names: [{ key: "SCALE_TENSOR", value: "w" }] },
      ],
      sparse_initializer: [
        {
          values: { dims: ["1"], data_type: 1, float_data: [3], name: "sp" },
          indices: { dims: ["1"], data_type: 7, int64_data: ["4"] },
          dims: ["9"],
        },
      ],
      metadata_props,
    },
    opset_import: [{ version: "24" }, { domain: "custom", version: "1" }],
    metadata_props,
    training_info: [
      {
        algorithm: { node: [{ input: ["w"], output: ["w_new"], op_type: "Step" }] },
        update_binding: [{ key: "w", value: "w_new" }],
      },
    ],
    functions: [
      {
        name: "F",
        input: ["a"],
        output: ["b"],
        attribute: ["p"],
        node: [
          {
            input: ["a"],
            output: ["b"],
            op_type: "Elu",
            attribute: [{ name: "alpha", type: 1, ref_attr_name: "p" }],
          },
        ],
        doc_string: "",
        opset_import: [{ domain: "", version: "20" }],
        domain: "custom",
        attribute_proto: [{ name: "q", i: "3", type: 2 }],
        value_info: [
          { name: "b", type: { tensor_type: { elem_type: 1 } } },
          { name: "a", type: { tensor_type: { elem_type: 1 } } },
        ],
        overload: "o",
        metadata_props,
      },
    ],
    configuration: [{ name: "two", num_devices: 2, device: ["a", "b"] }],
  };
}

describe("a model with every field of IR version 14", () => {
  const bytes = wire("ModelProto", fullModel());

  it("is written as it was read", () => {
    expect(seen(encode(decode(bytes)))).toEqual(seen(bytes));
    expect(Buffer.compare(encode(decode(bytes)), bytes)).toBe(0);
  });

  it("keeps names exact when a value is renamed", () => {
    const model = decode(bytes);
    const [x] = model.graph.inputs;
    const w = [...model.graph.initializers].find((value) => value.name === "w");
    x?.rename("image");
    w?.rename("weight");
    const original = JSON.stringify(seen(bytes));
    const { training_info: training, ...rest } = seen(encode(model));
    const renamed = original.replaceAll('"x"', '"image"').replaceAll('"w"', '"weight"');
    const { training_info: _, ...wanted } = JSON.parse(renamed) as Record<string, unknown>;
    // Training graphs stay as they were; the values that they name are pinned, so passes never rename them. Sharding is
    // not read.
    const sharding = JSON.stringify(wanted).replace(
      '"tensor_name":"image","device"',
      '"tensor_name":"x","device"',
    );
    expect(JSON.parse(JSON.stringify(rest))).toEqual(JSON.parse(sharding));
    expect(training).toBeDefined();
  });

  it("pins the values that annotations and training graphs name", () => {
    const { graph } = decode(bytes);
    const w = [...graph.initializers].find((value) => value.name === "w");
    expect(w?.isPinned).toBe(true);
    expect(graph.inputs[0]?.isPinned).toBe(true);
    expect(graph.inputs[1]?.isPinned).toBe(false);
  });

  it("reads functions, references and subgraph captures", () => {
    const model = decode(bytes);
    const [fn] = model.functions;
    expect(fn?.body.first?.attribute("alpha")).toMatchObject({ kind: "ref", ref: "p", type: "float" });
    expect(fn?.body.inputs[0]?.type).toMatchObject({ kind: "tensor", dtype: "float" });
    const condition = model.graph.inputs[1];
    // The If node itself and three branches.
    expect(condition?.uses.size).toBe(4);
  });
});

describe("unknown fields", () => {
  /** Field 99, bytes "new", and a group 98 with a varint in it. */
  const extra = [0x9a, 0x06, 3, 110, 101, 119, 0x93, 0x06, 0x08, 1, 0x94, 0x06];

  /** Puts `extra` at the end of each message on the way to the one that `path` leads to. */
  function grow(bytes: Uint8Array, path: readonly number[]): Uint8Array {
    const [field, ...rest] = path;
    if (field === undefined) return Uint8Array.from([...bytes, ...extra]);
    const out: number[] = [];
    let at = 0;
    const varint = (): number => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++] ?? 0;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
    };
    const put = (value: number): void => {
      for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) + 128);
      out.push(value);
    };
    while (at < bytes.length) {
      const start = at;
      const tag = varint();
      if (tag % 8 === 2) {
        const length = varint();
        const body = bytes.subarray(at, at + length);
        at += length;
        const inner = tag >> 3 === field ? grow(body, rest) : body;
        put(tag);
        put(inner.length);
        out.push(...inner);
      } else {
        if (tag % 8 === 0) varint();
        else at += tag % 8 === 5 ? 4 : 8;
        out.push(...bytes.subarray(start, at));
      }
    }
    return Uint8Array.from(out);
  }

  const bytes = wire("ModelProto", fullModel());
  const G = 7;
  const paths: Record<string, number[]> = {
    model: [],
    graph: [G],
    node: [G, 1],
    attribute: [G, 1, 5],
    "attribute's tensor": [G, 1, 5, 5],
    "attribute's type": [G, 1, 5, 14],
    "subgraph's node": [G, 1, 5, 6, 1],
    initializer: [G, 5],
    input: [G, 11],
    "input's type": [G, 11, 2],
    "input's tensor type": [G, 11, 2, 1],
    "input's shape": [G, 11, 2, 1, 2],
    output: [G, 12],
    value_info: [G, 13],
    annotation: [G, 14],
    "annotation's parameter": [G, 14, 2],
    "sparse initializer": [G, 15],
    "graph's metadata": [G, 16],
    "opset import": [8],
    metadata: [14],
    training: [20],
    function: [25],
    "function's node": [25, 7],
    "function's default": [25, 11],
    configuration: [26],
  };
  it.each(Object.entries(paths))("survive in: %s", (_, path) => {
    const grown = grow(bytes, path);
    expect(grown.length).toBeGreaterThan(bytes.length);
    expect(Buffer.compare(encode(decode(grown)), grown)).toBe(0);
  });

  it("survive in a tensor that gets another name", () => {
    const grown = grow(
      modelBytes({ initializer: [{ dims: [1], data_type: 1, float_data: [1], name: "w" }] }),
      [G, 5],
    );
    const model = decode(grown);
    const [w] = model.graph.initializers;
    w?.rename("weights");
    expect(Buffer.from(encode(model)).includes(Buffer.from(extra.slice(0, 6)))).toBe(true);
  });
});

describe("a model beyond the limit of a message", () => {
  // Nothing reads the elements: the file is only laid out.
  const source = { size: 2 ** 31, read: () => expect.unreachable("elements are read") };
  const model = createModel(17);
  const data = { kind: "range", range: { source, offset: 0, length: 2 ** 31 } } as const;
  model.graph.addOutput(model.graph.addInitializer("w", new Tensor("float", [2 ** 29], data)));

  it("is not written as one file", () => {
    expect(failure(() => [...encodeModel(model).chunks()]).id).toBe("model-is-too-large-for-one-file");
  });

  it("is not put together in memory", () => {
    expect(failure(() => encodeToBytes(model)).id).toBe("model-is-too-large-for-one-file");
  });
});
