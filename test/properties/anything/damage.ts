import fc from "fast-check";

/** One damage to a file; places are fractions of its length. */
export interface Edit {
  readonly at: number;
  readonly kind: "flip" | "byte" | "cut" | "drop" | "repeat" | "insert" | "number";
  readonly size: number;
}

/** Mostly changes that keep the lengths, so that much of what is damaged still opens. */
export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    // Not fc.double, most of whose numbers are tiny: the damage would all be at the first byte.
    at: fc.nat(2 ** 30 - 1).map((place) => place / 2 ** 30),
    kind: fc.constantFrom(
      "flip",
      "flip",
      "flip",
      "byte",
      "byte",
      "byte",
      "number",
      "cut",
      "drop",
      "repeat",
      "insert",
    ),
    size: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 3 },
);

export function damaged(bytes: Uint8Array, list: readonly Edit[]): Uint8Array {
  return list.reduce(damage, bytes);
}

function damage(bytes: Uint8Array, { at, kind, size }: Edit): Uint8Array {
  const position = Math.floor(at * bytes.length);
  const copy = Uint8Array.from(bytes);
  switch (kind) {
    case "flip":
      copy[position] = (copy[position] ?? 0) ^ (1 << (size % 8));
      return copy;
    case "byte":
      copy[position] = size;
      return copy;
    case "number":
      // A length or a size of 2^35 and more, where a varint of five bytes has room.
      copy.set([0xff, 0xff, 0xff, 0xff, 0x7f].slice(0, Math.max(0, copy.length - position)), position);
      return copy;
    case "cut":
      return copy.subarray(0, position);
    case "drop":
      return Uint8Array.from([...copy.subarray(0, position), ...copy.subarray(position + size)]);
    case "repeat":
      return Uint8Array.from([...copy.subarray(0, position + size), ...copy.subarray(position)]);
    case "insert":
      return Uint8Array.from([...copy.subarray(0, position), size, ...copy.subarray(position)]);
  }
}
