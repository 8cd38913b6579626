import { equalBytes } from "../base/bytes.js";
import type { Tensor } from "../ir/tensor.js";

/** The bytes that are compared at a time, so that no tensor has to be in memory as a whole. */
const STEP = 1 << 16;
/** The bytes of each of the three samples that are compared before whole tensors are: few, because they may have to be made. */
const SAMPLE = 1 << 7;

/**
 * Numbers for constants: two constants have the same number exactly when type, sizes and elements are equal, bit by bit. A
 * tensor is read only if another has its type and sizes, and read as a whole only if another's samples are equal too.
 */
export class TensorIndex {
  readonly #ids = new WeakMap<Tensor, number>();
  readonly #kinds = new Map<string, Kind>();
  #count = 0;

  /** A tensor whose file is missing equals only itself. */
  idOf(tensor: Tensor): number {
    let id = this.#ids.get(tensor);
    if (id === undefined) {
      id = (tensor.data.kind === "missing" ? undefined : this.#find(tensor)) ?? this.#count++;
      this.#ids.set(tensor, id);
    }
    return id;
  }

  /** The number of an equal tensor met before. */
  #find(tensor: Tensor): number | undefined {
    const key = kindOf(tensor);
    const kind = this.#kinds.get(key);
    if (kind === undefined) {
      this.#kinds.set(key, { only: tensor, bySample: new Map() });
      return undefined;
    }
    if (kind.only !== undefined) {
      kind.bySample.set(sampleOf(kind.only), [kind.only]);
      kind.only = undefined;
    }
    const sample = sampleOf(tensor);
    const alike = kind.bySample.get(sample) ?? [];
    const twin = alike.find((other) => sameElements(other, tensor));
    if (twin === undefined) kind.bySample.set(sample, [...alike, tensor]);
    return twin === undefined ? undefined : this.#ids.get(twin);
  }
}

/** Tensors of one type and one list of sizes; a single one stays unread in `only`. */
interface Kind {
  only: Tensor | undefined;
  readonly bySample: Map<string, readonly Tensor[]>;
}

/** Equal for tensors of one type and one list of sizes. */
export function kindOf(tensor: Tensor): string {
  return `${tensor.dtype}[${tensor.dims.join(",")}]`;
}

/** A few bytes of the beginning, the middle and the end, hashed. */
function sampleOf(tensor: Tensor): string {
  const { data } = tensor;
  if (data.kind === "strings") return String(data.values.length);
  const size = tensor.byteLength;
  const length = Math.min(SAMPLE, size);
  // Computed elements can only be made all at once, and a few are read at once.
  const whole = data.kind === "computed" || size <= AT_ONCE ? tensor.bytes() : undefined;
  const bytes = new Uint8Array(length);
  let hash = 0x811c9dc5;
  for (const at of length === size ? [0] : [0, (size - length) >> 1, size - length]) {
    if (whole !== undefined) bytes.set(whole.subarray(at, at + length));
    else tensor.readInto(bytes, at);
    hash = hashBytes(bytes, hash);
  }
  return String(hash >>> 0);
}

/** Bytes that take no longer to read than a sample. */
const AT_ONCE = 4096;

/** FNV-1a, of four bytes at a time. */
function hashBytes(bytes: Uint8Array, seed: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let hash = seed;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ (words[i] ?? 0), 0x01000193);
  for (let i = words.length * 4; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash;
}

function sameElements(a: Tensor, b: Tensor): boolean {
  if (a.data === b.data) return true;
  if (a.data.kind === "strings" && b.data.kind === "strings") {
    const { values } = b.data;
    return a.data.values.every((text, i) => equalBytes(text, values[i] ?? text.subarray(0, 0)));
  }
  if (a.data.kind !== "range" || b.data.kind !== "range") return equalBytes(a.bytes(), b.bytes());
  for (let at = 0; at < a.byteLength; at += STEP) {
    const length = Math.min(STEP, a.byteLength - at);
    const [x, y] = [new Uint8Array(length), new Uint8Array(length)];
    a.readInto(x, at);
    b.readInto(y, at);
    if (!equalBytes(x, y)) return false;
  }
  return true;
}
