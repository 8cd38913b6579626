import { createRequire } from "node:module";
import { crc32 } from "node:zlib";
import type { Inflate } from "fflate";
import { type ByteSource, concatBytes } from "../../base/bytes.js";
import { NormfoldError } from "../../base/errors.js";
import { errors } from "../errors.js";
import { assertUnpackable } from "./limits.js";

/** A file in a .zip archive, as the archive's directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of the contents; reading gives exactly so many or fails. */
  readonly size: number;
  readonly packedSize: number;
  readonly checksum: number;
  readonly isDeflated: boolean;
  /** The local header, counted from the start of the archive. */
  readonly offset: number;
}

/** More arrays than any model has inputs; an archive of 50,000 is refused by its directory alone. */
const MOST_ENTRIES = 1024;
/** The directory of so many entries, with room for comments and extra fields. */
const LARGEST_DIRECTORY = 2 ** 22;
/** Deflate unpacks at most 1,032 times, so that a piece of this size gives no more than 4 MB at once. */
const PIECE = 2 ** 12;

const END = 0x06054b50;
const END_SIZE = 22;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_64_SIZE = 20;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;
const EXTRA_64 = 1;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const NOT_IN_32_BITS = 0xffffffff;
const NOT_IN_16_BITS = 0xffff;

/**
 * The entries of a .zip archive, read from its directory (source: APPNOTE.TXT 6.3.10, with zip64). Throws NormfoldError
 * "invalid" for what is no archive, is cut off, encrypted, packed by other methods than deflate, or has too many entries,
 * and for one that would unpack to more than its size lets expect.
 */
export function zipEntries(source: ByteSource): readonly ZipEntry[] {
  const { count, offset, length } = findDirectory(source);
  if (count > MOST_ENTRIES) throw errors.npzHasTooManyArrays(count, MOST_ENTRIES);
  if (offset + length > source.size || length > LARGEST_DIRECTORY) throw cutOff();
  const view = viewOf(source.read(offset, length));
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < count) {
    if (at + 46 > length || view.getUint32(at, true) !== DIRECTORY) throw cutOff();
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const end = at + 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
    if (end > length) throw cutOff();
    entries.push(readEntry(view, at, name ?? 0, extra ?? 0));
    at = end;
  }
  assertSeparate(entries, source.size);
  assertUnpackable(
    entries.reduce((sum, { size }) => sum + size, 0),
    source.size,
  );
  return entries;
}

function findDirectory(source: ByteSource): { count: number; offset: number; length: number } {
  const start = Math.max(0, source.size - END_SIZE - NOT_IN_16_BITS);
  const tail = viewOf(source.read(start, source.size - start));
  for (let at = tail.byteLength - END_SIZE; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    // A comment may hold the mark too; the real one ends with the file.
    if (at + END_SIZE + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    const found = {
      count: tail.getUint16(at + 10, true),
      length: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const isLarge =
      found.count === NOT_IN_16_BITS || found.length === NOT_IN_32_BITS || found.offset === NOT_IN_32_BITS;
    return (isLarge ? findDirectory64(source, start + at) : undefined) ?? found;
  }
  const isArchive = source.size >= 4 && viewOf(source.read(0, 4)).getUint32(0, true) === LOCAL;
  throw isArchive ? cutOff() : errors.fileIsNotNpz();
}

function findDirectory64(
  source: ByteSource,
  end: number,
): { count: number; offset: number; length: number } | undefined {
  if (end < LOCATOR_64_SIZE) return undefined;
  const locator = viewOf(source.read(end - LOCATOR_64_SIZE, LOCATOR_64_SIZE));
  if (locator.getUint32(0, true) !== LOCATOR_64) return undefined;
  const at = safe(locator.getBigUint64(8, true));
  if (at + 56 > source.size) throw cutOff();
  const record = viewOf(source.read(at, 56));
  if (record.getUint32(0, true) !== END_64) throw cutOff();
  const [count = 0, length = 0, offset = 0] = [32, 40, 48].map((field) =>
    safe(record.getBigUint64(field, true)),
  );
  return { count, length, offset };
}

function readEntry(view: DataView, at: number, nameLength: number, extraLength: number): ZipEntry {
  const name = utf8.decode(bytesAt(view, at + 46, nameLength));
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & ENCRYPTED) !== 0) throw errors.npzIsEncrypted(name);
  if (method !== STORED && method !== DEFLATED) throw errors.npzMethodIsUnknown(name, method);
  const sizes = {
    size: view.getUint32(at + 24, true),
    packedSize: view.getUint32(at + 20, true),
    offset: view.getUint32(at + 42, true),
  };
  const large = sizes64(view, at + 46 + nameLength, extraLength);
  // The zip64 field has those that do not fit, in this order.
  for (const key of ["size", "packedSize", "offset"] as const) {
    if (sizes[key] === NOT_IN_32_BITS) sizes[key] = large.shift() ?? sizes[key];
  }
  if (method === STORED && sizes.size !== sizes.packedSize) throw errors.npzIsDamaged("its sizes contradict");
  return { name, ...sizes, checksum: view.getUint32(at + 16, true), isDeflated: method === DEFLATED };
}

function sizes64(view: DataView, start: number, length: number): number[] {
  for (let at = start; at + 4 <= start + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== EXTRA_64) continue;
    const count = Math.floor(Math.min(view.getUint16(at + 2, true), start + length - at - 4) / 8);
    return Array.from({ length: count }, (_, i) => safe(view.getBigUint64(at + 4 + 8 * i, true)));
  }
  return [];
}

/** Archives whose entries share their bytes unpack a hundred thousandfold. */
function assertSeparate(entries: readonly ZipEntry[], size: number): void {
  const names = new Set<string>();
  let end = 0;
  for (const { name, offset, packedSize } of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (names.has(name)) throw errors.npzNamesArrayTwice(name);
    names.add(name);
    if (offset < end) throw errors.npzIsDamaged("its arrays overlap");
    end = offset + LOCAL_SIZE + packedSize;
  }
  if (end > size) throw cutOff();
}

/** The contents of an entry in pieces. Throws "invalid" where they differ from their size or checksum. */
export function* zipContents(source: ByteSource, entry: ZipEntry): Generator<Uint8Array, void, undefined> {
  let size = 0;
  let checksum = 0;
  for (const piece of unpacked(source, entry)) {
    size += piece.length;
    if (size > entry.size) throw errors.npzIsDamaged("an array is longer than its directory says");
    checksum = crc32(piece, checksum);
    yield piece;
  }
  if (size < entry.size) throw cutOff();
  if (checksum !== entry.checksum) throw errors.npzChecksumIsWrong(entry.name);
}

function* unpacked(source: ByteSource, entry: ZipEntry): Generator<Uint8Array, void, undefined> {
  const header = viewOf(source.read(entry.offset, LOCAL_SIZE));
  if (header.getUint32(0, true) !== LOCAL) throw cutOff();
  const start = entry.offset + LOCAL_SIZE + header.getUint16(26, true) + header.getUint16(28, true);
  const end = start + entry.packedSize;
  if (end > source.size) throw cutOff();
  let pieces: Uint8Array[] = [];
  const inflate = new (fflate().Inflate)((piece) => {
    pieces.push(piece);
  });
  for (let at = start; at < end; at += PIECE) {
    // Copied, because both fflate and callers may keep it.
    const packed = source.read(at, Math.min(PIECE, end - at)).slice();
    if (!entry.isDeflated) yield packed;
    else {
      pieces = [];
      inflated(inflate, packed, at + PIECE >= end);
      yield* pieces;
    }
  }
}

const require = createRequire(import.meta.url);

/** Loaded where something is unpacked: every command reads this module, and few read archives. */
function fflate(): typeof import("fflate") {
  return require("fflate") as typeof import("fflate");
}

function inflated(inflate: Inflate, packed: Uint8Array, isLast: boolean): void {
  try {
    inflate.push(packed, isLast);
  } catch (error) {
    if (error instanceof NormfoldError) throw error;
    throw errors.npzIsDamaged(error instanceof Error ? error.message : String(error));
  }
}

/** The arrays of an .npz file by name. Throws NormfoldError "invalid" as `zipEntries` does. */
export function arrayEntries(source: ByteSource): ReadonlyMap<string, ZipEntry> {
  const files = zipEntries(source).filter(({ name }) => !name.endsWith("/"));
  return new Map(files.map((entry) => [entry.name.replace(/\.npy$/, ""), entry]));
}

/** The whole contents of an entry. */
export function zipBytes(source: ByteSource, entry: ZipEntry): Uint8Array {
  return concatBytes([...zipContents(source, entry)]);
}

const utf8 = new TextDecoder();

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bytesAt(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw cutOff();
  return Number(value);
}

function cutOff(): NormfoldError {
  return errors.npzIsDamaged("it is cut off");
}
