import type { RuntimeTensor, TensorMap } from "../runtime/runtime.js";
import type { TensorHead } from "./messages.js";

/** Bytes from which a tensor is held: to send a smaller one again costs less than to speak about it. */
const LARGE = 2 ** 16;
/** Bytes that the process holds at most. */
const MOST = 2 ** 28;

/** Feeds as they are sent: those that the process holds without their elements. */
export interface PackedFeeds {
  readonly heads: readonly TensorHead[];
  readonly payloads: readonly Uint8Array[];
  /** Numbers of tensors that the process lets go of once it has these feeds. */
  readonly forget: readonly number[];
}

/** The feeds that a process has been sent and holds: original and result run on the same. They are told apart by identity. */
export class HeldTensors {
  readonly #numbers = new WeakMap<Uint8Array, number>();
  /** Bytes by number; the one that was used last is the last. */
  readonly #sizes = new Map<number, number>();
  #next = 0;
  #bytes = 0;

  /** Packs the feeds of a run. */
  pack(feeds: TensorMap): PackedFeeds {
    const heads: TensorHead[] = [];
    const payloads: Uint8Array[] = [];
    for (const [name, { dtype, dims, data }] of feeds) {
      const hold = data instanceof Uint8Array ? this.#hold(data) : undefined;
      heads.push({ name, dtype, dims, ...(data instanceof Uint8Array ? hold : { strings: data }) });
      payloads.push(data instanceof Uint8Array && hold?.held === undefined ? data : new Uint8Array(0));
    }
    return { heads, payloads, forget: this.#forget() };
  }

  #hold(data: RuntimeTensor["data"] & Uint8Array): Pick<TensorHead, "held" | "keep"> {
    const size = data.byteLength;
    if (size < LARGE || size > MOST) return {};
    const known = this.#numbers.get(data);
    if (known !== undefined && this.#sizes.delete(known)) {
      this.#sizes.set(known, size);
      return { held: known };
    }
    const number = this.#next++;
    this.#numbers.set(data, number);
    this.#sizes.set(number, size);
    this.#bytes += size;
    return { keep: number };
  }

  /** Those that were used longest ago, while they are too many. */
  #forget(): number[] {
    const forgotten: number[] = [];
    for (const [number, size] of this.#sizes) {
      if (this.#bytes <= MOST) break;
      this.#sizes.delete(number);
      this.#bytes -= size;
      forgotten.push(number);
    }
    return forgotten;
  }
}

/** The feeds that were sent, on the side of the process. */
export function takeFeeds(
  { heads, payloads, forget }: PackedFeeds,
  held: Map<number, Uint8Array>,
): Map<string, RuntimeTensor> {
  const feeds = heads.map(({ name, dtype, dims, strings, held: known, keep }, i) => {
    const sent = payloads[i] ?? new Uint8Array(0);
    const bytes = known === undefined ? sent : (held.get(known) ?? sent);
    if (keep !== undefined) held.set(keep, bytes);
    return [name, { dtype, dims, data: strings ?? bytes }] as const;
  });
  for (const number of forget) held.delete(number);
  return new Map(feeds);
}
