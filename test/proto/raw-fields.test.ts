import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/base/bytes.js";
import { rawFields, UnknownFieldWriter, withText } from "../../src/proto/raw-fields.js";
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

describe("raw fields", () => {
  const message = Uint8Array.from(
    bytesOf((sink) => {
      sink.integer(1, 5);
      sink.text(3, "old");
      sink.integer(9, 6);
    }),
  );

  it("come with their tags", () => {
    expect([...rawFields(message)].map(([field, raw]) => [field, raw.length])).toEqual([
      [1, 2],
      [3, 5],
      [9, 2],
    ]);
  });

  it("have one text replaced or added in its place", () => {
    const renamed = bytesOf((sink) => withText(message, 3, "new", sink));
    expect([...rawFields(Uint8Array.from(renamed))].map(([field]) => field)).toEqual([1, 3, 9]);
    expect(String.fromCharCode(...renamed)).toContain("new");
    const added = bytesOf((sink) => withText(message, 4, "more", sink));
    expect([...rawFields(Uint8Array.from(added))].map(([field]) => field)).toEqual([1, 3, 4, 9]);
  });

  it("that normfold does not read go back between the others, in their order", () => {
    const fields = bytesOf((sink) => {
      const unknown = new UnknownFieldWriter(message);
      unknown.before(2, sink);
      sink.integer(2, 1);
      unknown.rest(sink);
    });
    expect([...rawFields(Uint8Array.from(fields))].map(([field]) => field)).toEqual([1, 2, 3, 9]);
  });
});
