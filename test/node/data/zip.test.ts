import { crc32 } from "node:zlib";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../src/base/bytes.js";
import { arrayEntries, zipBytes, zipEntries } from "../../../src/node/data/zip.js";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const CONTENTS = text("the contents of an array ".repeat(8));
const FILES = { "x.npy": CONTENTS, "y.npy": text("y") };

function read(archive: Uint8Array): Record<string, string> {
  const source = memorySource(archive);
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return Object.fromEntries(
    [...arrayEntries(source)].map(([name, entry]) => [name, decode(zipBytes(source, entry))]),
  );
}

/** The archive with numbers written over at places counted from the mark of its first entry, its directory or its end. */
function edited(
  archive: Uint8Array,
  part: "entry" | "directory" | "end",
  ...fields: readonly (readonly [at: number, bytes: 1 | 2 | 4, value: number])[]
): Uint8Array {
  const copy = archive.slice();
  const view = new DataView(copy.buffer);
  const mark = { entry: 0x04034b50, directory: 0x02014b50, end: 0x06054b50 }[part];
  let start = 0;
  while (view.getUint32(start, true) !== mark) start++;
  for (const [at, bytes, value] of fields) {
    if (bytes === 1) view.setUint8(start + at, value);
    else if (bytes === 2) view.setUint16(start + at, value, true);
    else view.setUint32(start + at, value, true);
  }
  return copy;
}

const DEFLATED = zipSync(FILES);
const STORED = zipSync(FILES, { level: 0 });

/** One stored entry whose sizes stand in zip64 fields, as numpy writes large arrays. */
function zip64(contents: Uint8Array): Uint8Array {
  const name = text("x.npy");
  const bytes = new Uint8Array(400 + contents.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (size: 2 | 4 | 8, ...values: number[]): void => {
    for (const value of values) {
      if (size === 2) view.setUint16(at, value, true);
      else if (size === 4) view.setUint32(at, value, true);
      else view.setBigUint64(at, BigInt(value), true);
      at += size;
    }
  };
  const putBytes = (data: Uint8Array): void => {
    bytes.set(data, at);
    at += data.length;
  };
  const sum = crc32(contents);
  put(4, 0x04034b50);
  put(2, 45, 0, 0, 0, 0);
  put(4, sum, 0xffffffff, 0xffffffff);
  put(2, name.length, 20);
  putBytes(name);
  put(2, 1, 16);
  put(8, contents.length, contents.length);
  putBytes(contents);
  const directory = at;
  put(4, 0x02014b50);
  put(2, 45, 45, 0, 0, 0, 0);
  put(4, sum, 0xffffffff, 0xffffffff);
  put(2, name.length, 28, 0, 0, 0);
  put(4, 0, 0xffffffff);
  putBytes(name);
  put(2, 1, 24);
  put(8, contents.length, contents.length, 0);
  const end = at;
  put(4, 0x06064b50);
  put(8, 44);
  put(2, 45, 45);
  put(4, 0, 0);
  put(8, 1, 1, end - directory, directory);
  put(4, 0x07064b50, 0);
  put(8, end);
  put(4, 1, 0x06054b50);
  put(2, 0, 0, 0xffff, 0xffff);
  put(4, 0xffffffff, 0xffffffff);
  put(2, 0);
  return bytes.slice(0, at);
}

describe("archives", () => {
  it("of stored and deflated entries are read, with zip64 and with a comment too", () => {
    const wanted = { x: new TextDecoder().decode(CONTENTS), y: "y" };
    expect(read(DEFLATED)).toEqual(wanted);
    expect(read(STORED)).toEqual(wanted);
    expect(read(zip64(CONTENTS))).toEqual({ x: wanted.x });
    const comment = Uint8Array.of(...edited(STORED, "end", [20, 2, 4]), 0x50, 0x4b, 5, 6);
    expect(read(comment)).toEqual(wanted);
    expect(zipEntries(memorySource(zipSync({})))).toEqual([]);
  });

  it.each([
    ["a wrong checksum", edited(DEFLATED, "directory", [16, 4, 1]), "npz-checksum-is-wrong"],
    ["a changed byte", edited(STORED, "entry", [40, 1, 0x21]), "npz-checksum-is-wrong"],
    ["encryption", edited(DEFLATED, "directory", [8, 2, 1]), "npz-is-encrypted"],
    ["another method", edited(DEFLATED, "directory", [10, 2, 14]), "npz-method-is-unknown"],
    ["a longer size", edited(DEFLATED, "directory", [24, 4, 201]), "npz-is-damaged"],
    ["a shorter size", edited(DEFLATED, "directory", [24, 4, 100]), "npz-is-damaged"],
    ["sizes that contradict", edited(STORED, "directory", [24, 4, 100]), "npz-is-damaged"],
    ["damaged data", edited(DEFLATED, "entry", [35, 1, 0xff]), "npz-is-damaged"],
    ["the same bytes twice", edited(STORED, "directory", [42, 4, 250]), "npz-is-damaged"],
    ["a place outside", edited(STORED, "directory", [42, 4, 1e9]), "npz-is-damaged"],
    ["a directory outside", edited(STORED, "end", [16, 4, 1e9]), "npz-is-damaged"],
    ["an end that was lost", DEFLATED.subarray(0, -10), "npz-is-damaged"],
    ["50,000 entries", edited(STORED, "end", [8, 2, 50_000], [10, 2, 50_000]), "npz-has-too-many-arrays"],
    ["a promise of 4 GB", edited(DEFLATED, "directory", [24, 4, 2 ** 32 - 2]), "file-unpacks-too-far"],
    ["text", text("PK, but no archive"), "file-is-not-npz"],
    ["nothing", new Uint8Array(0), "file-is-not-npz"],
  ])("with %s are refused", (_, archive, id) => {
    expect(() => read(archive)).toThrow(expect.objectContaining({ code: "invalid", id }));
  });

  it("with one name twice are refused", () => {
    const archive = zipSync({ "x.npy": text("1"), "y.npy": text("1") }, { level: 0 });
    const twice = archive.map((byte, at) => (byte === 0x79 && archive[at + 1] === 0x2e ? 0x78 : byte));
    expect(() => read(twice)).toThrow(expect.objectContaining({ id: "npz-names-array-twice" }));
  });

  it("that lie about their size are left when they pass it, not at their end", () => {
    const zeros = zipSync({ "x.npy": new Uint8Array(2 ** 26) });
    const lying = edited(zeros, "directory", [24, 4, 1000]);
    const started = performance.now();
    expect(() => read(lying)).toThrow(expect.objectContaining({ id: "npz-is-damaged" }));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
