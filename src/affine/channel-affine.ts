import { errors } from "./errors.js";

/**
 * y[c] = scale[c] * x[c] + shift[c] along one axis, in float64. Length C, or 1 for the same scale and shift everywhere.
 * The map does not say along which axis it runs; that depends on the tensor.
 */
export interface ChannelAffine {
  /** One factor for each channel, or a single one for all. */
  readonly scale: Float64Array;
  /** One addend for each channel, or a single one for all; as many as there are factors. */
  readonly shift: Float64Array;
}

/** Throws "usage" for lists of different lengths. */
export function channelAffine(scale: ArrayLike<number>, shift: ArrayLike<number>): ChannelAffine {
  if (scale.length !== shift.length) throw errors.scalesAndShiftsDiffer(scale.length, shift.length);
  return { scale: Float64Array.from(scale), shift: Float64Array.from(shift) };
}

/** Number of channels; 1 for a map that is the same everywhere. */
export function channelCount(map: ChannelAffine): number {
  return map.scale.length;
}

/** The same map for `count` channels: a uniform one repeated. Undefined when it has another number of channels. */
export function expandChannels(map: ChannelAffine, count: number): ChannelAffine | undefined {
  if (channelCount(map) === count) return map;
  if (channelCount(map) !== 1) return undefined;
  return {
    scale: new Float64Array(count).fill(map.scale[0] ?? 1),
    shift: new Float64Array(count).fill(map.shift[0] ?? 0),
  };
}

/** The map x to second(first(x)): scale = s2 * s1, shift = s2 * t1 + t2. Undefined when the channel counts do not fit. */
export function compose(first: ChannelAffine, second: ChannelAffine): ChannelAffine | undefined {
  const count = Math.max(channelCount(first), channelCount(second));
  const a = expandChannels(first, count);
  const b = expandChannels(second, count);
  if (a === undefined || b === undefined) return undefined;
  const scale = new Float64Array(count);
  const shift = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    scale[c] = (b.scale[c] ?? 1) * (a.scale[c] ?? 1);
    shift[c] = (b.scale[c] ?? 1) * (a.shift[c] ?? 0) + (b.shift[c] ?? 0);
  }
  return { scale, shift };
}

/** True when it only adds. */
export function isShiftOnly(map: ChannelAffine): boolean {
  return map.scale.every((value) => value === 1);
}

/** True when it only multiplies. */
export function isScaleOnly(map: ChannelAffine): boolean {
  return map.shift.every((value) => value === 0);
}

/** The first channel whose scale or shift is NaN or infinite, if any. */
export function firstNonFinite(map: ChannelAffine): number | undefined {
  for (let c = 0; c < map.scale.length; c++) {
    if (!Number.isFinite(map.scale[c]) || !Number.isFinite(map.shift[c])) return c;
  }
  return undefined;
}
