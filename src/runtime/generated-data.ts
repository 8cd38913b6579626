import { createRandom, type Random } from "../base/random.js";
import { type DType, INTEGER_RANGES, isFloat } from "../ir/dtype.js";
import { encodeNumbers } from "../ir/tensor.js";
import type { Demand } from "../rules/operands/rule.js";
import { carrierOf } from "./carriers.js";
import { dimsOf, type IntegerSource, type Sizes } from "./input-sizes.js";
import type { InputSpec } from "./inputs.js";
import { type TensorMap, tensorSize } from "./runtime.js";

/** How data is drawn. */
export interface Style {
  readonly seed: number;
  /** Factor on normal deviates. */
  readonly magnitude: number;
  /** Share of elements that are exactly zero. */
  readonly zeros: number;
  readonly integers: IntegerSource;
}

/** Data for the inputs. Each input has its own stream of numbers, so that one more input changes no other. */
export function makeFeeds(inputs: readonly InputSpec[], sizes: Sizes, style: Style): TensorMap {
  const dims = new Map(inputs.map((spec) => [spec.name, dimsOf(spec, sizes)]));
  return new Map(
    inputs.map((spec, index) => {
      const own = dims.get(spec.name) ?? [];
      const random = createRandom(style.seed * 7919 + index);
      const demand = spec.demand(dims, style.integers === "hinted");
      return [
        spec.name,
        {
          dtype: carrierOf(spec.dtype),
          dims: own,
          data: elements(spec.dtype, tensorSize(own), demand, style, random),
        },
      ];
    }),
  );
}

const WORDS = ["", "a", "monday", "Tuesday", "wéd", "0", "-1.5"];

function elements(
  dtype: DType,
  count: number,
  demand: Demand | undefined,
  style: Style,
  random: Random,
): Uint8Array | string[] {
  if (dtype === "string") {
    return Array.from({ length: count }, () => WORDS[random.integer(0, WORDS.length)] ?? "");
  }
  const exact = demand?.kind === "elements" && demand.elements.length === count ? demand.elements : [];
  // Around elements that are demanded, a number that nearly every reader takes.
  const range = demand?.kind === "elements" ? AROUND : demand;
  const draw = isFloat(dtype) ? floatDraw(range, style, random) : integerDraw(dtype, range, style, random);
  const fixed = isFloat(dtype) || style.integers === "hinted" || style.integers === "demanded";
  if (fixed && exact.length > 0) {
    const values = Float64Array.from({ length: count }, (_, i) => exact[i] ?? draw());
    return encodeNumbers(carrierOf(dtype), values);
  }
  const values = new Float64Array(Math.min(count, DRAWN));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return repeated(encodeNumbers(carrierOf(dtype), values), count / Math.max(1, values.length));
}

/**
 * More numbers than this are the same again: to draw them would take longer than to run a model on them. It is a prime number, so
 * that no axis and no block of one has this length or divides it.
 */
const DRAWN = 1_048_573;

/** The bytes again and again. */
function repeated(bytes: Uint8Array, times: number): Uint8Array {
  if (times <= 1) return bytes;
  const result = new Uint8Array(Math.round(bytes.length * times));
  for (let at = 0; at < result.length; at += bytes.length)
    result.set(bytes.subarray(0, result.length - at), at);
  return result;
}

const AROUND: Range = { low: 1, high: 2, whole: true };

type Range = Pick<Extract<Demand, { kind: "range" }>, "low" | "high" | "whole">;

function floatDraw(range: Range | undefined, style: Style, random: Random): () => number {
  if (range !== undefined) {
    const { low, high, whole } = range;
    return whole ? () => random.integer(low, high) : () => low + random.uniform() * (high - low);
  }
  return () => (random.uniform() < style.zeros ? 0 : random.normal() * style.magnitude);
}

const NARROW: Partial<Readonly<Record<DType, readonly [low: number, high: number]>>> = {
  bool: [0, 2],
  uint8: [0, 256],
  int8: [-128, 128],
  uint16: [0, 256],
  uint32: [0, 16],
  uint64: [0, 16],
  uint4: [0, 16],
  int4: [-8, 8],
};

function integerDraw(dtype: DType, range: Range | undefined, style: Style, random: Random): () => number {
  if (style.integers === "ones") return () => 1;
  if (style.integers === "zeros") return () => 0;
  const [low, high] = range === undefined ? (NARROW[dtype] ?? [-8, 9]) : [range.low, range.high];
  const least = Math.max(Math.ceil(low), INTEGER_RANGES[dtype]?.[0] ?? (dtype === "uint64" ? 0 : -Infinity));
  return () => random.integer(least, Math.max(least + 1, Math.ceil(high)));
}
