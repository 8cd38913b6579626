import { describe, expect, it } from "vitest";
import { concatBytes, memorySource } from "../../src/base/bytes.js";
import type { ValueType } from "../../src/ir/type.js";
import { readMetadata, readOpset, readValueInfo, UnknownFields } from "../../src/proto/read-leaf.js";
import { Sink } from "../../src/proto/sink.js";
import { Cursor } from "../../src/proto/wire.js";
import { writeMetadata, writeOpset, writeValueInfo } from "../../src/proto/write-leaf.js";
import { wire } from "./support.js";

function bytesOf(write: (sink: Sink) => void): Uint8Array {
  const sink = new Sink();
  write(sink);
  return concatBytes(sink.pieces().flatMap((piece) => (piece instanceof Uint8Array ? [piece] : [])));
}

function at(bytes: Uint8Array): Cursor {
  const cursor = new Cursor({ source: memorySource(bytes), offset: 0, length: bytes.length });
  cursor.next();
  return cursor;
}

const TENSOR: ValueType = { kind: "tensor", dtype: "float", shape: [2, "N", undefined] };

describe("writeValueInfo", () => {
  it.each<ValueType>([
    TENSOR,
    { kind: "sparse_tensor", dtype: "double", shape: undefined },
    { kind: "sequence", element: TENSOR },
    { kind: "optional", element: { kind: "tensor", dtype: "int64", shape: [] } },
    { kind: "map", key: "int64", value: { kind: "tensor", dtype: "float", shape: [1] } },
  ])("writes what is read back: %j", (type) => {
    const info = { name: "x", type, docString: "an image", metadata: [{ key: "k", value: "v" }] };
    const back = readValueInfo(at(bytesOf((sink) => writeValueInfo(sink, 1, "x", info))));
    const { wire: _, order: __, ...rest } = back;
    expect(rest).toMatchObject({
      name: "x",
      docString: "an image",
      metadata: [{ key: "k", value: "v" }],
      type,
    });
  });

  it("keeps the bytes that were read, with another name where the value has one", () => {
    const original = wire("ValueInfoProto", { name: "x", doc_string: "an image" });
    const unknown = Uint8Array.from([...original, 0x7a, 0x01, 0x2a]);
    const info = { name: "x", type: undefined, wire: unknown };
    const same = bytesOf((sink) => writeValueInfo(sink, 1, "x", info));
    expect(same.subarray(2)).toEqual(unknown);
    const renamed = at(bytesOf((sink) => writeValueInfo(sink, 1, "other", info)));
    expect(readValueInfo(renamed)).toMatchObject({ name: "other", docString: "an image" });
    expect([...renamed.raw().subarray(-3)]).toEqual([0x7a, 0x01, 0x2a]);
  });
});

it("writeOpset and writeMetadata write fields, or the bytes that were read", () => {
  const opset = { domain: "ai.onnx.ml", version: 4 };
  expect(readOpset(at(bytesOf((sink) => writeOpset(sink, 1, opset))))).toMatchObject(opset);
  const kept = Uint8Array.of(0x10, 0x09);
  expect(bytesOf((sink) => writeOpset(sink, 1, { ...opset, wire: kept })).subarray(2)).toEqual(kept);
  const entries: { key: string; value: string }[] = [];
  const written = bytesOf((sink) => writeMetadata(sink, 1, [{ key: "k", value: "v" }]));
  readMetadata(at(written), entries, new UnknownFields());
  expect(entries).toEqual([{ key: "k", value: "v" }]);
});
