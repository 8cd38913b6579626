import { describe, expect, it } from "vitest";
import {
  alignedBytes,
  type ByteSource,
  concatBytes,
  equalBytes,
  memorySource,
  readInto,
  readRange,
} from "../../src/base/bytes.js";

const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);

describe("a source in memory", () => {
  it("gives regions that alias the array", () => {
    const part = readRange({ source: memorySource(bytes), offset: 2, length: 3 });
    expect([...part]).toEqual([2, 3, 4]);
    expect(part.buffer).toBe(bytes.buffer);
  });

  it("fills a target, by readInto where the source has it", () => {
    const target = new Uint8Array(2);
    readInto(memorySource(bytes), target, 5);
    expect([...target]).toEqual([5, 6]);
    const filling: ByteSource = {
      size: 2,
      read: () => expect.unreachable("the target is filled in place"),
      readInto: (into, offset) => into.fill(offset),
    };
    readInto(filling, target, 9);
    expect([...target]).toEqual([9, 9]);
  });
});

it("joins parts, and gives a single one back as it is", () => {
  expect([...concatBytes([bytes.subarray(0, 2), new Uint8Array(0), bytes.subarray(6)])]).toEqual([
    0, 1, 6, 7,
  ]);
  expect(concatBytes([bytes])).toBe(bytes);
  expect(concatBytes([]).length).toBe(0);
});

it("copies to align, and only then", () => {
  const odd = bytes.subarray(1, 5);
  expect(alignedBytes(bytes, 4)).toBe(bytes);
  const aligned = alignedBytes(odd, 4);
  expect(aligned.byteOffset % 4).toBe(0);
  expect(equalBytes(aligned, odd)).toBe(true);
  expect(equalBytes(odd, bytes)).toBe(false);
});
