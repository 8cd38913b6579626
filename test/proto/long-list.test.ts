import { describe, expect, it } from "vitest";
import { attribute } from "../../src/ir/attribute.js";
import { Allowance } from "../../src/proto/allowance.js";
import { readLongList } from "../../src/proto/long-list.js";
import { ATTRIBUTE } from "../../src/proto/schema.js";
import { Sink } from "../../src/proto/sink.js";
import { utf8 } from "../../src/proto/wire.js";
import { writeAttribute } from "../../src/proto/write-leaf.js";

const PLAN = { placed: new Map(), embed: false };
const nameOf = (bytes: Uint8Array): string | undefined => utf8(bytes, 0, bytes.length);

/** The AttributeProto without the tag and length in front of it. */
function wireOf(...args: Parameters<typeof attribute>): Uint8Array {
  const sink = new Sink();
  writeAttribute(sink, 1, attribute(...args), PLAN, () => {});
  const [piece] = sink.pieces();
  if (!(piece instanceof Uint8Array)) throw new Error("written in pieces");
  return piece.subarray(piece[1] !== undefined && piece[1] > 127 ? 3 : 2);
}

const read = (wire: Uint8Array, limit?: number): ReturnType<typeof readLongList> =>
  readLongList(wire, nameOf, new Allowance(limit));

describe("a long list", () => {
  const ints = [0n, 1n, -1n, 300n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 28n, 2n ** 35n - 1n];

  it("is read when it is asked for, and kept as it was written", () => {
    const wire = wireOf("nodes_ids", { kind: "ints", value: ints });
    expect(read(wire)).toMatchObject({ name: "nodes_ids", kind: "ints", wire, value: ints });
    const floats = [0, -0, 1.5, Infinity, -(2 ** -149)];
    expect(read(wireOf("values", { kind: "floats", value: floats }))?.kind).toBe("floats");
    expect(read(wireOf("values", { kind: "floats", value: floats }))).toMatchObject({ value: floats });
    const strings = ["LEAF", "", "BRANCH_LEQ"].map((text) => new TextEncoder().encode(text));
    expect(read(wireOf("modes", { kind: "strings", value: strings }))).toMatchObject({ value: strings });
  });

  it("is counted in the allowance as if it were built", () => {
    const wire = wireOf("n", { kind: "ints", value: ints });
    expect(() => read(wire, 32 * ints.length - 1)).toThrow(/memory/);
    expect(read(wire, 32 * ints.length)?.kind).toBe("ints");
  });

  it("is left to the reader of any layout where it has another", () => {
    const wire = wireOf("n", { kind: "ints", value: ints });
    // Cut anywhere, with a name that is no text, of another type, with a field behind it, or without a list.
    for (let end = 0; end < wire.length; end++) expect(read(wire.subarray(0, end)), `${end}`).toBeUndefined();
    expect(read(Uint8Array.from(wire, (byte, at) => (at === 2 ? 0xff : byte)))).toBeUndefined();
    expect(read(Uint8Array.from(wire, (byte, at) => (at === wire.length - 1 ? 6 : byte)))).toBeUndefined();
    expect(read(Uint8Array.from([...wire, ATTRIBUTE.int * 8, 1]))).toBeUndefined();
    expect(read(wireOf("n", { kind: "int", value: 3n }))).toBeUndefined();
    const twice = wireOf("s", { kind: "strings", value: [new Uint8Array(3)] });
    expect(read(Uint8Array.from(twice, (byte) => (byte === 3 ? 200 : byte)))).toBeUndefined();
  });
});
