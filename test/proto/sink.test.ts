import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/base/bytes.js";
import { Sink } from "../../src/proto/sink.js";

function bytesOf(fill: (sink: Sink) => void): number[] {
  const sink = new Sink();
  fill(sink);
  const parts = sink.pieces().map((piece) => {
    if (piece instanceof Uint8Array) return piece;
    return "compute" in piece ? piece.compute() : piece.source.read(piece.offset, piece.length);
  });
  const bytes = concatBytes(parts);
  expect(sink.length).toBe(bytes.length);
  return [...bytes];
}

describe("Sink", () => {
  it("writes fields as protobuf has them", () => {
    expect(bytesOf((sink) => sink.integer(1, 300))).toEqual([8, 0xac, 2]);
    expect(bytesOf((sink) => sink.text(2, "ab"))).toEqual([18, 2, 97, 98]);
    expect(bytesOf((sink) => sink.text(2, undefined))).toEqual([]);
    expect(bytesOf((sink) => sink.float(3, 1))).toEqual([29, 0, 0, 0x80, 0x3f]);
    expect(bytesOf((sink) => sink.bytes(4, Uint8Array.of(9)))).toEqual([34, 1, 9]);
  });

  it("writes negative and 64-bit integers in ten bytes and as many as needed", () => {
    expect(bytesOf((sink) => sink.integer(1, -1))).toEqual([
      8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1,
    ]);
    expect(bytesOf((sink) => sink.integer(1, 2n ** 35n))).toEqual([8, 128, 128, 128, 128, 128, 1]);
  });

  it("keeps large values as pieces in their place", () => {
    const fill = (sink: Sink): void => {
      const child = new Sink();
      child.integer(1, 5);
      child.header(2, 3);
      child.piece({ length: 3, compute: () => Uint8Array.of(7, 8, 9) });
      sink.message(6, child);
      sink.integer(7, 1);
    };
    expect(bytesOf(fill)).toEqual([50, 7, 8, 5, 18, 3, 7, 8, 9, 56, 1]);
  });

  it("nests small messages", () => {
    expect(bytesOf((sink) => sink.nested(1, () => sink.integer(2, 3)))).toEqual([10, 2, 16, 3]);
  });
});
