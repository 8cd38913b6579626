import { present } from "../base/assert.js";
import { createRandom } from "../base/random.js";
import type { InputSpec } from "./inputs.js";

/** Sizes by symbol. An axis without a name is a symbol of its own. */
export type Sizes = ReadonlyMap<string, number>;

/** The source of integers: what readers demand with or without the hints of declared sizes, or one number for all. */
export type IntegerSource = "hinted" | "demanded" | "ones" | "zeros";

interface SizeSymbol {
  readonly key: string;
  /** The sizes to try for it, likeliest first. */
  readonly candidates: readonly number[];
}

const BATCH = [1, 2];
const IMAGE = [32, 64, 224, 96, 128, 320, 256, 48, 28, 16, 512, 640, 8];
const VOLUME = [8, 16, 32, 4, 64];
const SEQUENCE = [8, 16, 5, 3, 2, 1, 32, 64, 128, 256, 512, 10, 640, 224];
const CHANNELS = [3, 1, 2, 4, 8, 16, 32, 64];

/** Sizes to try, and where integers come from. */
export interface Guess {
  readonly sizes: Sizes;
  readonly integers: IntegerSource;
}

/**
 * The attempts, in order: all symbols at their n-th candidates; the same with integer data that is valid as any index or
 * length; one symbol at 1 and the others at their candidates; seeded mixtures.
 */
export function* guesses(inputs: readonly InputSpec[], seed: number): Generator<Guess, void, undefined> {
  const symbols = symbolsOf(inputs);
  const pick = (choose: (symbol: SizeSymbol, at: number) => number): Sizes =>
    new Map(symbols.map((symbol, at) => [symbol.key, choose(symbol, at)]));
  const candidate = (symbol: SizeSymbol, index: number): number =>
    present(symbol.candidates[index % symbol.candidates.length], "a symbol has no candidates");
  const levels = Math.max(1, ...symbols.map((symbol) => symbol.candidates.length));
  const unsure = inputs.some(({ dtype }) => dtype.includes("int"));
  const sources = unsure ? (["hinted", "demanded", "ones", "zeros"] as const) : (["hinted"] as const);
  for (const integers of sources) {
    for (let index = 0; index < levels; index++) {
      yield { sizes: pick((symbol) => candidate(symbol, index)), integers };
    }
  }
  if (symbols.length < 2) return;
  for (let one = 0; one < symbols.length; one++) {
    for (let index = 0; index < levels; index++) {
      const sizes = pick((symbol, at) => (at === one ? 1 : candidate(symbol, index)));
      yield { sizes, integers: "demanded" };
    }
  }
  const random = createRandom(seed);
  for (;;) {
    const sizes = pick((symbol) => candidate(symbol, random.integer(0, symbol.candidates.length)));
    yield { sizes, integers: unsure ? "zeros" : "demanded" };
  }
}

/** Another size for each symbol: a larger batch, and no two symbols alike, so that swapped axes show. */
export function otherSizes(inputs: readonly InputSpec[], base: Sizes): Sizes {
  const other = new Map<string, number>();
  for (const symbol of symbolsOf(inputs)) {
    const size = base.get(symbol.key) ?? 1;
    const rank = other.size;
    if (size < 4) other.set(symbol.key, size + 2);
    // Networks that halve their input n times want multiples of 2^n; 32 serves nearly all.
    else other.set(symbol.key, size % 32 === 0 ? size + 32 * rank : size + 1 + rank);
  }
  return other;
}

function symbolsOf(inputs: readonly InputSpec[]): SizeSymbol[] {
  const found = new Map<string, SizeSymbol>();
  for (const spec of inputs) {
    (spec.shape ?? []).forEach((dim, axis) => {
      if (typeof dim === "number") return;
      const key = symbolKey(spec, axis);
      if (!found.has(key)) found.set(key, { key, candidates: candidatesFor(spec, axis) });
    });
  }
  return [...found.values()];
}

/** The symbol of an axis: its name, or one of its own. */
export function symbolKey(spec: InputSpec, axis: number): string {
  const dim = spec.shape?.[axis];
  return typeof dim === "string" ? dim : `${spec.name}[${axis}]`;
}

function candidatesFor(spec: InputSpec, axis: number): readonly number[] {
  const shape = spec.shape ?? [];
  if (axis === 0) return BATCH;
  if (shape.length < 4) return SEQUENCE;
  const last = shape.at(-1);
  const channelsLast = typeof last === "number" && last <= 4;
  if (axis === 1 && !channelsLast) return CHANNELS;
  return shape.length === 4 ? IMAGE : VOLUME;
}

/** The dims of an input where symbols have these sizes; 1 where one has none. */
export function dimsOf(spec: InputSpec, sizes: Sizes): number[] {
  return (spec.shape ?? []).map((dim, axis) =>
    typeof dim === "number" ? dim : (sizes.get(symbolKey(spec, axis)) ?? 1),
  );
}
