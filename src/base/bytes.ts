/**
 * Bytes that are read on demand: a file, a mapped region or an array in memory. All rooms but src/node read files
 * only through this interface, so they never hold a whole model and run without Node's modules.
 */
export interface ByteSource {
  /** Number of bytes. */
  readonly size: number;
  /**
   * Bytes [offset, offset + length). The result may alias the source (memory) or be a fresh copy (file); callers
   * never write to it. Throws NormfoldError "io" when the source has become shorter.
   */
  read(offset: number, length: number): Uint8Array;
  /** Fills `target` with the bytes from `offset` on, for callers that stream through one buffer. */
  readInto?(target: Uint8Array, offset: number): void;
}

/** A region of a source, not yet read. */
export interface ByteRange {
  /** The source that holds the bytes. */
  readonly source: ByteSource;
  /** The first byte, counted from the start of the source. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** A source over bytes that are in memory already. Reads alias the array. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** The bytes of a region; they may alias its source. */
export function readRange(range: ByteRange): Uint8Array {
  return range.source.read(range.offset, range.length);
}

/** Fills `target` with the bytes from `offset` on, without an intermediate copy where the source can do that. */
export function readInto(source: ByteSource, target: Uint8Array, offset: number): void {
  if (source.readInto !== undefined) source.readInto(target, offset);
  else target.set(source.read(offset, target.length));
}

/** The parts one behind the other; a single part is given back as it is. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** True when the two hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  const [x, y] = [wordsOf(a), wordsOf(b)];
  const words = x === undefined || y === undefined ? 0 : x.length;
  for (let i = 0; i < words; i++) if (x?.[i] !== y?.[i]) return false;
  for (let i = words * 4; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The bytes four at a time but for a rest, where they are aligned. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Uint32Array | undefined {
  return byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >> 2) : undefined;
}

/**
 * The same bytes at an offset that is a multiple of `alignment`, as typed arrays want it. Copied only where needed: a slice
 * of a file may start anywhere.
 */
export function alignedBytes(bytes: Uint8Array, alignment: number): Uint8Array {
  return bytes.byteOffset % alignment === 0 ? bytes : new Uint8Array(bytes);
}
