import { product } from "../base/integers.js";
import { type ChannelAffine, channelAffine } from "./channel-affine.js";

/** Larger blocks are not compared index by index, because that would take too long. */
const MAX_ENUMERATED = 1 << 20;

/**
 * Carries a map through a Reshape. `map` runs along `axis` of a block of sizes `from`; the result is the same map of the same
 * elements, in row-major order, under sizes `to`. Going through all indices finds its axis and proves it. Undefined when
 * the map runs along no single axis of `to`, or the block is too large.
 */
export function carryThroughReshape(
  map: ChannelAffine,
  axis: number,
  from: readonly number[],
  to: readonly number[],
): { readonly axis: number; readonly map: ChannelAffine } | undefined {
  const size = product(from);
  if (size !== product(to) || size === 0 || size > MAX_ENUMERATED) return undefined;
  const channels = from[axis] ?? 1;
  const inner = product(from.slice(axis + 1));
  for (let candidate = 0; candidate < to.length; candidate++) {
    const length = to[candidate] ?? 1;
    const step = product(to.slice(candidate + 1));
    const carried = alongAxis(map, size, { channels, inner }, { length, step });
    if (carried !== undefined) return { axis: candidate, map: carried };
  }
  return undefined;
}

function alongAxis(
  map: ChannelAffine,
  size: number,
  { channels, inner }: { channels: number; inner: number },
  { length, step }: { length: number; step: number },
): ChannelAffine | undefined {
  const scale = new Float64Array(length).fill(NaN);
  const shift = new Float64Array(length).fill(NaN);
  for (let element = 0; element < size; element++) {
    const c = Math.floor(element / inner) % channels;
    const d = Math.floor(element / step) % length;
    const [s, t] = [map.scale[c] ?? NaN, map.shift[c] ?? NaN];
    if (Number.isNaN(scale[d])) {
      scale[d] = s;
      shift[d] = t;
    } else if (scale[d] !== s || shift[d] !== t) return undefined;
  }
  return channelAffine(scale, shift);
}
