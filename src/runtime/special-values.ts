import { equalBytes } from "../base/bytes.js";
import type { Numerics } from "../base/numerics.js";
import { createRandom, type Random } from "../base/random.js";
import type { SpecialValue } from "../base/special-values.js";
import { type FloatDType, isFloat, largestOf } from "../ir/dtype.js";
import type { Node } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import { encodeNumbers } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import type { Trait } from "../rules/operator.js";
import { numbersOf } from "./compare.js";
import type { InputSpec } from "./inputs.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "./runtime.js";

/** What is compared on inputs with special values, because the rewrites claim to keep it. */
export interface SpecialClaim {
  /** Every element, bit for bit, but that any NaN is like any other; else only which are NaN, infinity or -infinity. */
  readonly exact: boolean;
  /** The sign of zeros too. */
  readonly zeros: boolean;
  /** Numbers near the end of the type's range may be infinite in one of the two. */
  readonly overflow: boolean;
}

/** The claim of rewrites that may change these kinds; undefined where NaN or infinity is among them. */
export function claimOf(
  numerics: Numerics,
  mayChange: readonly SpecialValue[],
  precision: FloatDType,
): SpecialClaim | undefined {
  if (mayChange.includes("nan") || mayChange.includes("infinity")) return undefined;
  // The runtime computes half precision in float32 between casts that depend on the neighbours of a node.
  const isHalf = precision === "float16" || precision === "bfloat16";
  const exact = numerics === "exact" && !isHalf && !mayChange.includes("overflow");
  return {
    exact,
    zeros: exact && !mayChange.includes("negative-zero"),
    overflow: mayChange.includes("overflow"),
  };
}

/** Operators with one of these traits read no float as a size, an index, a place or a number of repetitions. */
const SAFE: readonly Trait[] = [
  "pointwise",
  "movesData",
  "rearranges",
  "view",
  "givesSizes",
  "linear",
  "recurrent",
  "pools",
  "reduces",
  "normalizes",
  "saturates",
];

/**
 * Whether special values may be fed to a model. They may not where a float can become a size or an index on the way, which
 * NaN and infinity turn into anything: a Cast to integers, bodies, operators that read places.
 */
export function takesSpecialValues(model: Model): boolean {
  if (model.functions.length > 0) return false;
  return [...model.graph.nodes()].every((node) => node.subgraphs.length === 0 && isSafe(node));
}

function isSafe(node: Node): boolean {
  // It makes the largest number of infinity, whose products overflow as no ordinary number's do.
  if (node.is("Clip")) return isBounded(node);
  if (node.is("Constant", "Dropout", "LogSoftmax", "Pad")) return true;
  if (node.is("Cast")) return FLOAT_CODES.has(node.int("to", 0));
  return !node.is("CastLike") && SAFE.some((trait) => hasTrait(node, trait));
}

/** Whether a Clip has both bounds, as inputs or, below opset 11, as attributes. */
function isBounded(node: Node): boolean {
  const has = (index: number, name: string): boolean =>
    node.input(index) !== undefined || node.attributes.has(name);
  return has(1, "min") && has(2, "max");
}

/** float, float16, double, bfloat16, bool. */
const FLOAT_CODES: ReadonlySet<number> = new Set([1, 10, 11, 16, 9]);

/** A number below the smallest normal one of each type. */
const SUBNORMAL: Readonly<Record<FloatDType, number>> = {
  float: 2 ** -135,
  double: 2 ** -1040,
  float16: 2 ** -20,
  bfloat16: 2 ** -130,
};

/** A model with fewer floats to feed gets several sets, so that it meets every kind, and meets some without NaN. */
const FEW = 64;
/** The kinds that the sets of a small model begin with: NaN, infinity, -0. */
const STARTS = [0, 2, 4];

/**
 * Feeds with NaN, infinities, -0 and subnormal numbers in the place of some floats; none where there are no floats, or where
 * the readers of each take certain values only.
 */
export function specialFeeds(
  feeds: TensorMap,
  specs: readonly InputSpec[],
  seed: number,
): readonly TensorMap[] {
  const sizes = new Map([...feeds].map(([name, { dims }]) => [name, dims] as const));
  const free = new Set(
    specs.filter(({ demand }) => demand(sizes, false) === undefined).map(({ name }) => name),
  );
  const floats = [...feeds].filter(([name, { dtype }]) => free.has(name) && isFloat(dtype));
  const count = floats.reduce((sum, [, { dims }]) => sum + tensorSize(dims), 0);
  if (count === 0) return [];
  return (count < FEW ? STARTS : STARTS.slice(0, 1)).map((start) => {
    const changed = floats.map(([name, tensor], index): readonly [string, RuntimeTensor] => {
      return [name, spoiled(tensor, count < FEW ? 2 : 6, start, seed + index)];
    });
    return new Map([...feeds, ...changed]);
  });
}

/** The tensor with about one element in `every` special; the kinds take turns. */
function spoiled(tensor: RuntimeTensor, every: number, start: number, seed: number): RuntimeTensor {
  const { dtype, dims, data } = tensor;
  if (!isFloat(dtype) || !(data instanceof Uint8Array)) return tensor;
  const tiny = SUBNORMAL[dtype];
  const kinds = [Number.NaN, tiny, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, -tiny];
  const patterns = kinds.map((kind) => encodeNumbers(dtype, [kind]));
  const bytes = data.slice();
  let next = start;
  for (const place of places(tensorSize(dims), every, createRandom(seed))) {
    const pattern = patterns[next++ % patterns.length];
    if (pattern !== undefined) bytes.set(pattern, place * pattern.length);
  }
  return { dtype, dims, data: bytes };
}

/** Elements up to which each has the same chance; of more, so many have as have it among these. */
const MANY = 2 ** 16;

/** The first element, and about one in `every`. */
function* places(size: number, every: number, random: Random): Generator<number, void, undefined> {
  if (size > 0) yield 0;
  if (size <= MANY) {
    for (let i = 1; i < size; i++) if (random.uniform() * every < 1) yield i;
    return;
  }
  const stride = Math.ceil((2 * every * size) / MANY);
  for (let i = 1 + random.integer(0, stride); i < size; i += 1 + random.integer(0, stride)) yield i;
}

/** The elements that break the claim: how many, or how type and shape differ; undefined where none does. */
export function brokenClaim(a: RuntimeTensor, b: RuntimeTensor, claim: SpecialClaim): string | undefined {
  if (a.dtype !== b.dtype || String(a.dims) !== String(b.dims))
    return `${a.dtype}[${a.dims}] became ${b.dtype}[${b.dims}]`;
  if (!(a.data instanceof Uint8Array) || !(b.data instanceof Uint8Array)) return undefined;
  // What an integer is made of may be near a border, as the index of a largest element is.
  if (!isFloat(a.dtype) && !claim.exact) return undefined;
  const { dtype } = a;
  if (equalBytes(a.data, b.data)) return undefined;
  const size = tensorSize(a.dims);
  const [x, y] = [numbersOf(a.dtype, a.data, a.dims), numbersOf(b.dtype, b.data, b.dims)];
  let count = 0;
  let first: string | undefined;
  for (let i = 0; i < size; i++) {
    const [from = 0, to = 0] = [x[i], y[i]];
    if (isKept(from, to, claim) || (claim.overflow && isFloat(dtype) && bothAreHuge(from, to, dtype)))
      continue;
    count++;
    first ??= `${text(from)} became ${text(to)}`;
  }
  return first === undefined ? undefined : `${count} of ${size} elements differ, the first ${first}`;
}

/** How far below the largest number of its type a number counts as huge: a few orders of magnitude. */
const NEAR_END = 2 ** -10;

function bothAreHuge(from: number, to: number, dtype: FloatDType): boolean {
  const huge = largestOf(dtype) * NEAR_END;
  return Math.sign(from) === Math.sign(to) && Math.min(Math.abs(from), Math.abs(to)) >= huge;
}

function isKept(from: number, to: number, { exact, zeros }: SpecialClaim): boolean {
  if (zeros || !Number.isFinite(from) || !Number.isFinite(to)) return Object.is(from, to);
  return !exact || from === to;
}

function text(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
