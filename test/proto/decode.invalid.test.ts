import { describe, expect, it } from "vitest";
import {
  decode,
  encode,
  failure,
  floatInfo,
  type Message,
  modelBytes,
  modelMessage,
  text8,
  wire,
} from "./support.js";

const node = (input: string[], output: string[], more: Message = {}): Message => ({
  input,
  output,
  name: `make_${output[0]}`,
  op_type: "Add",
  ...more,
});

/** A model of `depth` graphs in each other, by hand: protobufjs stops at the same depth. */
function nested(depth: number): Uint8Array {
  const field = (number: number, bytes: Uint8Array): Uint8Array => {
    const { length } = bytes;
    return Uint8Array.from([
      number * 8 + 2,
      (length & 127) | 128,
      ((length >> 7) & 127) | 128,
      length >> 14,
      ...bytes,
    ]);
  };
  let graph = new Uint8Array(0);
  for (let i = 0; i < depth; i++) {
    const attribute = field(5, Uint8Array.from([10, 1, 98, ...field(6, graph)]));
    graph = Uint8Array.from(field(1, Uint8Array.from([34, 1, 73, ...attribute])));
  }
  return Uint8Array.from([8, 8, ...field(7, graph), 66, 2, 16, 20]);
}

const w = { name: "w", dims: [2], data_type: 1, float_data: [1, 2] };

/** A model whose node has this attribute. */
function withAttribute(attribute: Message): Uint8Array {
  return modelBytes({ node: [node(["x"], ["y"], { attribute: [{ name: "a", ...attribute }] })] });
}

/** A model with a sparse initializer of 4 elements, two of which are given. */
function sparse(values: Message, indices: Message = {}): Uint8Array {
  const parts = {
    values: { name: "s", dims: [2], data_type: 1, float_data: [1, 2], ...values },
    indices: { dims: [2], data_type: 7, int64_data: ["0", "3"], ...indices },
  };
  return modelBytes({ sparse_initializer: [{ ...parts, dims: [4] }] });
}

/** A model with one initializer, whose TensorProto ends in these bytes. */
function withTensorBytes(...bytes: readonly number[]): Uint8Array {
  const tensor = Uint8Array.from([...wire("TensorProto", { name: "w", dims: [2], data_type: 1 }), ...bytes]);
  const [graph, opset] = [modelMessage()["graph"], modelMessage()["opset_import"]];
  const graphBytes = Uint8Array.from([
    ...wire("GraphProto", graph as Message),
    ...[0x2a, tensor.length, ...tensor],
  ]);
  return Uint8Array.from([
    ...wire("ModelProto", { ir_version: 8, opset_import: opset }),
    0x3a,
    graphBytes.length,
    ...graphBytes,
  ]);
}

describe("inconsistent models are refused with their fault", () => {
  const cases: Record<string, [bytes: Uint8Array, id: string, sentence?: RegExp]> = {
    "an undefined input": [
      modelBytes({ node: [node(["x", "nope"], ["y"])] }),
      "input-is-not-defined",
      /Add "make_y".*"nope"/,
    ],
    "a dangling output": [
      modelBytes({ output: [floatInfo("z")] }),
      "output-is-produced-by-no-node",
      /graph "g".*"z"/,
    ],
    "a cycle": [
      modelBytes({ node: [node(["x", "b"], ["a"]), node(["a"], ["b"]), node(["b"], ["y"])] }),
      "nodes-form-cycle",
      /Add "make_a" -> Add "make_b" -> Add "make_a"/,
    ],
    "a node that feeds itself": [
      modelBytes({ node: [node(["y"], ["y"])] }),
      "nodes-form-cycle",
      /Add "make_y" -> Add "make_y"/,
    ],
    "two producers": [
      modelBytes({ node: [node(["x"], ["y"]), node(["x"], ["y"])] }),
      "output-is-defined-already",
      /"y"/,
    ],
    "an output named like an input": [
      modelBytes({ node: [node(["x"], ["x"])] }),
      "output-is-defined-already",
      /"x"/,
    ],
    "an input twice": [
      modelBytes({ input: [floatInfo("x"), floatInfo("x")] }),
      "input-is-declared-twice",
      /"x"/,
    ],
    "an initializer twice": [modelBytes({ initializer: [w, w] }), "initializer-is-defined-twice", /"w"/],
    "an initializer without a name": [
      modelBytes({ initializer: [{ ...w, name: "" }] }),
      "initializer-has-no-name",
    ],
    "no operator type": [
      modelBytes({ node: [node(["x"], ["y"], { op_type: "" })] }),
      "node-has-no-operator-type",
    ],
    "an attribute twice": [
      modelBytes({
        node: [
          node(["x"], ["y"], {
            attribute: [
              { name: "a", i: 1, type: 2 },
              { name: "a", i: 1, type: 2 },
            ],
          }),
        ],
      }),
      "attribute-is-given-twice",
      /"a"/,
    ],
    "an attribute without a name": [
      modelBytes({ node: [node(["x"], ["y"], { attribute: [{ i: 1 }] })] }),
      "attribute-has-no-name",
    ],
    "too little data": [
      modelBytes({ initializer: [{ ...w, dims: [3] }] }),
      "entry-count-differs",
      /tensor "w".*2 entries.*need 3/,
    ],
    "no data": [
      modelBytes({ initializer: [{ ...w, float_data: [] }] }),
      "entry-count-differs",
      /no data for dims \[2\]/,
    ],
    "raw data that does not fit": [
      modelBytes({ initializer: [{ name: "w", dims: [2], data_type: 1, raw_data: new Uint8Array(7) }] }),
      "raw-data-size-differs",
      /7 bytes of data for float\[2\], which takes 8/,
    ],
    "a negative dimension": [modelBytes({ initializer: [{ ...w, dims: [-2] }] }), "dim-is-negative", /-2/],
    "dims that overflow": [
      modelBytes({ initializer: [{ ...w, dims: ["4294967296", "4294967296"] }] }),
      "dims-overflow",
    ],
    "data in a wrong field": [
      modelBytes({ initializer: [{ ...w, data_type: 7 }] }),
      "data-is-in-wrong-field",
      /int64 data is in field 4/,
    ],
    "raw strings": [
      modelBytes({ initializer: [{ name: "s", dims: [1], data_type: 8, raw_data: text8("a") }] }),
      "strings-are-raw",
    ],
    "a dimension beyond 2^53": [
      modelBytes({
        input: [
          {
            name: "x",
            type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: "9223372036854775807" }] } } },
          },
        ],
      }),
      "integer-is-out-of-range",
      /9223372036854775807/,
    ],
    "no graph": [
      wire("ModelProto", { ir_version: 8, opset_import: [{ version: 8 }] }),
      "model-lacks-part",
      /graph/,
    ],
    "no IR version": [
      wire("ModelProto", { ...modelMessage(), ir_version: undefined }),
      "model-lacks-part",
      /IR version/,
    ],
    "no opset": [modelBytes({}, { opset_import: [] }), "model-imports-no-opset"],
    "a function with a cycle": [
      modelBytes(
        {},
        {
          functions: [
            { name: "F", input: ["a"], output: ["b"], node: [node(["c"], ["b"]), node(["b"], ["c"])] },
          ],
        },
      ),
      "nodes-form-cycle",
      /function "F"/,
    ],
    "a function twice": [
      modelBytes({}, { functions: [{ name: "F" }, { name: "F" }] }),
      "function-is-defined-twice",
      /function "F"/,
    ],
    "two graphs": [Uint8Array.from([...modelBytes(), ...modelBytes()]), "graph-is-given-twice"],
    "an input without a name": [modelBytes({ input: [floatInfo("x"), floatInfo("")] }), "input-has-no-name"],
    "an attribute of a graph without one": [withAttribute({ type: 5 }), "attribute-has-no-graph", /"a"/],
    "an attribute of an integer with a graph": [
      withAttribute({ type: 2, i: 1, g: { name: "g" } }),
      "attribute-type-is-not-graph",
      /"a"/,
    ],
    "1,025 axes": [
      modelBytes({ initializer: [{ ...w, dims: new Array(1025).fill(1), float_data: [1] }] }),
      "rank-is-too-high",
    ],
    "elements without a type": [
      modelBytes({ initializer: [{ ...w, data_type: 0 }] }),
      "element-type-is-missing",
    ],
    "sizes without a type": [
      modelBytes({ initializer: [{ name: "w", dims: [2] }] }),
      "element-type-is-missing",
    ],
    "sparse values that are a matrix": [sparse({ dims: [1, 2] }), "sparse-values-are-no-vector"],
    "fewer sparse indices than values": [
      sparse({}, { dims: [1], int64_data: ["0"] }),
      "sparse-indices-do-not-fit",
    ],
    "sparse indices of three axes": [sparse({}, { dims: [2, 1, 1] }), "sparse-indices-do-not-fit"],
    "sparse indices for two axes where there is one": [
      sparse({}, { dims: [2, 2], int64_data: ["0", "0", "0", "3"] }),
      "sparse-indices-do-not-fit",
    ],
    "floats as integers": [withTensorBytes(0x20, 1), "wire-type-is-wrong"],
    "half a packed float": [withTensorBytes(0x22, 7, 0, 0, 0, 0, 0, 0, 0), "packed-list-is-malformed"],
    "a packed integer without an end": [withTensorBytes(0x3a, 2, 1, 0x80), "packed-list-is-malformed"],
    "sizes as a fixed number": [withTensorBytes(0x0d, 0, 0, 0, 0), "wire-type-is-wrong"],
    "too much nesting": [nested(40), "messages-are-nested-too-deep"],
    "an empty file": [new Uint8Array(0), "model-file-is-empty"],
    "a text file": [text8("hello, this is no model\n"), "file-is-text"],
    "a web page": [text8("\n<!DOCTYPE html><html>404</html>"), "file-is-web-page"],
    "a Git LFS pointer": [
      text8("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
      "file-is-git-lfs-pointer",
      /git lfs pull/,
    ],
    noise: [Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) % 256), "field-is-longer-than-message"],
  };
  it.each(Object.entries(cases))("%s", (_, [bytes, id, sentence = /./]) => {
    const error = failure(() => decode(bytes, { file: "m.onnx" }));
    expect(error.code).toBe("invalid");
    expect(error.id).toBe(id);
    expect(error.describe()).toMatch(sentence);
    expect(error.describe()).toMatch(/^m\.onnx/);
    expect(error.message).not.toContain("\n");
  });

  it("a name that is not UTF-8", () => {
    const bytes = modelBytes({ node: [node(["x"], ["y"], { op_type: "A@@B" })] });
    const at = Buffer.from(bytes).indexOf("A@@B");
    bytes[at + 1] = 0xff;
    const error = failure(() => decode(bytes));
    expect(error.id).toBe("text-is-not-utf8");
    expect(error.describe()).toMatch(/type of a node/);
    expect(error.where.offset).toBeGreaterThan(0);
  });

  it("names in messages cannot break the line or reach the terminal", () => {
    const error = failure(() => decode(modelBytes({ node: [node(["a\nb\u001b[2J"], ["y\r\n"])] })));
    expect(error.describe()).not.toMatch(/\p{Cc}/u);
  });

  it("every truncation, with the place", () => {
    const bytes = modelBytes({ initializer: [w] });
    for (let length = 1; length < bytes.length; length++) {
      // A file that is cut at the end of a field may be a whole message, but no model.
      const error = failure(() => decode(bytes.subarray(0, length)));
      expect(error.code).toBe("invalid");
    }
    expect(failure(() => decode(bytes.subarray(0, bytes.length - 8))).where.offset).toBeDefined();
  });

  it("versions: 2 is too old, 99 is read", () => {
    const old = failure(() => decode(modelBytes({}, { ir_version: 2 })));
    expect([old.code, old.id]).toEqual(["unsupported", "ir-version-is-too-old"]);
    expect(old.message).toContain("IR version 2");
    expect(decode(modelBytes({}, { ir_version: 99 })).irVersion).toBe(99);
  });
});

describe("unusual but valid models are read", () => {
  it("nodes before their producers are sorted, the rest stays in place", () => {
    const nodes = [node(["b"], ["c"]), node(["x"], ["a"]), node(["a"], ["b"]), node(["c"], ["y"])];
    const model = decode(modelBytes({ node: nodes }));
    expect([...model.graph.nodes()].map((each) => each.outputs[0]?.name)).toEqual(["a", "b", "c", "y"]);
  });

  it("subgraphs may nest as deep as protobuf allows", () => {
    expect([...decode(nested(32)).graph.withSubgraphs()].length).toBe(33);
  });

  it("inner names hide outer ones, and captures order the nodes outside", () => {
    const body = { node: [node(["late"], ["x"])], output: [{ name: "x" }] };
    const attribute = [{ name: "then_branch", type: 5, g: body }];
    const model = decode(
      modelBytes({ node: [node(["x"], ["y"], { op_type: "If", attribute }), node(["x"], ["late"])] }),
    );
    const [first, second] = model.graph.nodes();
    expect(first?.outputs[0]?.name).toBe("late");
    const [inner] = second?.subgraphs ?? [];
    expect(inner?.outputs[0]?.producer?.inputs[0]).toBe(first?.outputs[0]);
    expect(inner?.outputs[0]).not.toBe(model.graph.inputs[0]);
  });

  it("doc strings that are not UTF-8 stay as they are", () => {
    const bytes = modelBytes({ doc_string: "caf@" });
    bytes[Buffer.from(bytes).indexOf("caf@") + 3] = 0xe9;
    expect(Buffer.compare(encode(decode(bytes)), bytes)).toBe(0);
  });

  it("an input with a default is both", () => {
    const model = decode(modelBytes({ input: [floatInfo("x"), floatInfo("w")], initializer: [w] }));
    const [, value] = model.graph.inputs;
    expect(value?.tensor?.dims).toEqual([2]);
    expect(model.graph.initializers.size).toBe(1);
    expect(value?.isConstant).toBe(false);
  });
});
