import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import {
  forPacked,
  readIntegers,
  readMetadata,
  readOpset,
  readType,
  readValueInfo,
  UnknownFields,
} from "../../src/proto/read-leaf.js";
import { Cursor } from "../../src/proto/wire.js";
import { wire } from "./support.js";

/** A cursor at field 1, which holds the message. */
function at(message: Uint8Array): Cursor {
  const bytes = Uint8Array.from([0x0a, message.length, ...message]);
  const cursor = new Cursor({ source: memorySource(bytes), offset: 0, length: bytes.length });
  cursor.next();
  return cursor;
}

const typeOf = (message: object): unknown => readType(at(wire("TypeProto", { ...message })));
const FLOAT = 1;

describe("readType", () => {
  it("reads sizes, symbols and unknown sizes", () => {
    const shape = { dim: [{ dim_value: 2 }, { dim_param: "N" }] };
    expect(typeOf({ tensor_type: { elem_type: FLOAT, shape } })).toEqual({
      kind: "tensor",
      dtype: "float",
      shape: [2, "N"],
    });
    expect(typeOf({ tensor_type: { elem_type: FLOAT } })).toEqual({
      kind: "tensor",
      dtype: "float",
      shape: undefined,
    });
  });

  it("reads types of types", () => {
    const tensor = { tensor_type: { elem_type: FLOAT, shape: { dim: [] } } };
    const element = { kind: "tensor", dtype: "float", shape: [] };
    expect(typeOf({ sequence_type: { elem_type: tensor } })).toEqual({ kind: "sequence", element });
    expect(typeOf({ optional_type: { elem_type: tensor } })).toEqual({ kind: "optional", element });
    expect(typeOf({ map_type: { key_type: 7, value_type: tensor } })).toEqual({
      kind: "map",
      key: "int64",
      value: element,
    });
  });

  it("keeps the bytes of what it does not say in full", () => {
    const bytes = wire("TypeProto", { denotation: "IMAGE", tensor_type: { elem_type: FLOAT } });
    expect(readType(at(bytes))).toMatchObject({ kind: "tensor", wire: bytes });
    const unknown = { tensor_type: { elem_type: FLOAT, shape: { dim: [{ dim_value: -1 }] } } };
    expect(typeOf(unknown)).toMatchObject({ shape: [undefined], wire: wire("TypeProto", unknown) });
    const twice = wire("TypeProto", { tensor_type: { elem_type: FLOAT } });
    const both = Uint8Array.from([...twice, ...twice]);
    expect(readType(at(both))).toMatchObject({ kind: "tensor", wire: both });
    expect(readType(at(new Uint8Array()))).toBeUndefined();
  });
});

it("readValueInfo and readOpset keep the bytes beside the fields", () => {
  const info = wire("ValueInfoProto", {
    name: "x",
    type: { tensor_type: { elem_type: FLOAT } },
    doc_string: "an image",
  });
  expect(readValueInfo(at(info), 3)).toMatchObject({
    name: "x",
    docString: "an image",
    order: 3,
    wire: info,
  });
  const opset = wire("OperatorSetIdProto", { domain: "ai.onnx.ml", version: 4 });
  expect(readOpset(at(opset))).toEqual({ domain: "ai.onnx.ml", version: 4, wire: opset });
});

it("readMetadata keeps what is no pair of texts as an unknown field", () => {
  const entries: { key: string; value: string }[] = [];
  const unknown = new UnknownFields();
  readMetadata(at(wire("StringStringEntryProto", { key: "k", value: "v" })), entries, unknown);
  expect([entries, unknown.bytes]).toEqual([[{ key: "k", value: "v" }], undefined]);
  const broken = Uint8Array.of(0x0a, 0x01, 0xff);
  readMetadata(at(broken), entries, unknown);
  expect(entries).toHaveLength(1);
  expect(unknown.bytes).toEqual(Uint8Array.of(0x0a, 0x03, ...broken));
});

it("readIntegers takes packed values, and refuses half of one", () => {
  const numbers: bigint[] = [];
  readIntegers(at(Uint8Array.of(0x01, 0xac, 0x02)), numbers);
  expect(numbers).toEqual([1n, 300n]);
  expect(() => readIntegers(at(Uint8Array.of(0xac)), [])).toThrow(
    expect.objectContaining({ id: "packed-list-is-malformed" }),
  );
  const counted: number[] = [];
  forPacked(at(Uint8Array.of(1, 2, 3)), (reader) => void counted.push(reader.uint32()));
  expect(counted).toEqual([1, 2, 3]);
});
