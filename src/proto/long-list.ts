import type { Attribute } from "../ir/attribute.js";
import { type Allowance, COST } from "./allowance.js";
import { ATTRIBUTE, ATTRIBUTE_KINDS } from "./schema.js";
import { DELIMITED, FIXED32, VARINT } from "./wire.js";

/**
 * The attribute in an AttributeProto that is a name, one list and a type, as writers lay out the millions of numbers of a tree
 * ensemble. Its items are counted and not built: nothing asks for most of them, and the attribute is written as it was read.
 * Undefined for other layouts, malformed ones among them.
 */
export function readLongList(
  wire: Uint8Array,
  nameOf: (bytes: Uint8Array) => string | undefined,
  allowance: Allowance,
): Attribute | undefined {
  const scan = new Scan(wire, 0);
  const name = scan.tag(ATTRIBUTE.name, DELIMITED) ? scan.bytes() : undefined;
  const text = name === undefined || name.length === 0 ? undefined : nameOf(name);
  const { at } = scan;
  const list = LISTS.find(({ tag }) => tag === wire[at]);
  if (text === undefined || list === undefined) return undefined;
  let count = 0;
  for (; wire[scan.at] === list.tag; count++) {
    scan.at++;
    if (!list.skip(scan)) return undefined;
  }
  if (!scan.tag(ATTRIBUTE.type, VARINT) || ATTRIBUTE_KINDS[scan.varint() ?? 0] !== list.kind)
    return undefined;
  if (scan.at !== wire.length) return undefined;
  allowance.take(list.cost * count);
  return list.attribute(text, wire, at, count);
}

/** A layout of list items: each has a tag and a value. */
interface ListLayout {
  readonly kind: "floats" | "ints" | "strings";
  readonly tag: number;
  /** What an item takes in memory. */
  readonly cost: number;
  /** Goes behind a value; false where it is malformed. */
  readonly skip: (scan: Scan) => boolean;
  /** The attribute whose `count` items begin at offset `at`. */
  readonly attribute: (name: string, wire: Uint8Array, at: number, count: number) => Attribute;
}

const LISTS: readonly ListLayout[] = [
  {
    kind: "floats",
    tag: ATTRIBUTE.floats * 8 + FIXED32,
    cost: COST.entry,
    skip: (scan) => scan.skip(4),
    attribute: (name, wire, at, count) =>
      lazyList(name, "floats", wire, () => {
        const view = new DataView(wire.buffer, wire.byteOffset);
        return Array.from({ length: count }, (_, i) => view.getFloat32(at + 5 * i + 1, true));
      }),
  },
  {
    kind: "ints",
    tag: ATTRIBUTE.ints * 8 + VARINT,
    cost: COST.entry,
    skip: (scan) => scan.skipVarint(),
    attribute: (name, wire, at, count) =>
      lazyList(name, "ints", wire, () => items(wire, at, count, (scan) => scan.int64())),
  },
  {
    kind: "strings",
    tag: ATTRIBUTE.strings * 8 + DELIMITED,
    cost: COST.pair,
    skip: (scan) => scan.bytes() !== undefined,
    attribute: (name, wire, at, count) =>
      lazyList(name, "strings", wire, () =>
        items(wire, at, count, (scan) => scan.bytes() ?? new Uint8Array(0)),
      ),
  },
];

/** An attribute whose list is made when it is asked for. Its own property, so that a copy of the attribute has it too. */
function lazyList<Kind extends ListLayout["kind"], T>(
  name: string,
  kind: Kind,
  wire: Uint8Array,
  make: () => readonly T[],
): { readonly name: string; readonly kind: Kind; readonly wire: Uint8Array; readonly value: readonly T[] } {
  let made: readonly T[] | undefined;
  return {
    name,
    kind,
    wire,
    get value() {
      made ??= make();
      return made;
    },
  };
}

function items<T>(wire: Uint8Array, at: number, count: number, read: (scan: Scan) => T): T[] {
  const scan = new Scan(wire, at);
  return Array.from({ length: count }, () => {
    scan.at++;
    return read(scan);
  });
}

/** A position in a message. A read that does not fit gives undefined or false. */
class Scan {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Goes behind a tag, if it is the next one. */
  tag(field: number, wireType: number): boolean {
    return this.varint() === field * 8 + wireType;
  }

  /** A varint of up to 28 bits. */
  varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.at++] ?? 128;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return undefined;
  }

  /** A varint that was skipped before. */
  int64(): bigint {
    let [low, high] = [0, 0n];
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.at++] ?? 0;
      if (shift < 28) low |= (byte & 127) << shift;
      else high |= BigInt(byte & 127) << BigInt(shift);
      if (byte < 128) return BigInt.asIntN(64, high | BigInt(low));
    }
  }

  skipVarint(): boolean {
    for (let length = 0; length < 10; length++) {
      if ((this.#bytes[this.at++] ?? 128) < 128) return true;
    }
    return false;
  }

  skip(length: number): boolean {
    this.at += length;
    return this.at <= this.#bytes.length;
  }

  bytes(): Uint8Array | undefined {
    const length = this.varint();
    if (length === undefined || !this.skip(length)) return undefined;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
