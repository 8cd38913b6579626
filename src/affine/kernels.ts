import { gcd, product } from "../base/integers.js";
import type { Refusal } from "../base/refusal.js";
import type { FloatDType } from "../ir/dtype.js";
import { type Tensor, tensorFromNumbers } from "../ir/tensor.js";
import { derivedTensor, readElements } from "./derived-tensor.js";
import { refusals } from "./refusals.js";

/** A convolution's weight [M, C/group, k...] and where its taps look; spatial axes count from 0. */
export interface Kernel {
  readonly weight: Tensor;
  readonly group: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** The begins of all axes, then the ends; or the rule of auto_pad that computes them from the size of the input. */
  readonly pads: readonly number[] | "SAME_UPPER" | "SAME_LOWER";
}

/** Number of taps along each spatial axis. */
export function tapSizes({ weight }: Kernel): readonly number[] {
  return weight.dims.slice(2);
}

/** M. */
export function outputChannels({ weight }: Kernel): number {
  return weight.dims[0] ?? 0;
}

/** C. */
export function inputChannels({ weight, group }: Kernel): number {
  return (weight.dims[1] ?? 0) * group;
}

/** Multiplications for one position of the output, over all channels. */
export function multiplications({ weight }: Kernel): number {
  return weight.size;
}

/** True when each output position reads the input position of the same place, and no other. */
export function isPointwise(kernel: Kernel): boolean {
  const one = (value: number): boolean => value === 1;
  return tapSizes(kernel).every(one) && kernel.strides.every(one) && isUnpadded(kernel);
}

/** True when all pads are zero. */
export function isUnpadded({ pads }: Kernel): boolean {
  return typeof pads !== "string" && pads.every((pad) => pad === 0);
}

/** x -> scale[c] * x[c]: one tap, one input channel for each output channel. */
export function diagonalKernel(scale: Float64Array, spatialRank: number): Kernel {
  const ones = new Array<number>(spatialRank).fill(1);
  return {
    weight: tensorFromNumbers("double", [scale.length, 1, ...ones], scale),
    group: scale.length,
    strides: ones,
    dilations: ones,
    pads: [...ones, ...ones].map(() => 0),
  };
}

/** For each spatial axis, the host's tap at which each tap of the guest looks at the same input. */
export type TapMap = readonly (readonly number[])[];

/**
 * Where the guest's taps lie among the host's, for two kernels that read one input and whose outputs are added. `sameSize`:
 * the outputs are known to have one shape; without it the pads must prove that.
 *
 * Output o reads input o * stride - begin + tap * dilation in both, so tap t of the guest is tap
 * (host begin - guest begin + t * guest dilation) / host dilation of the host.
 */
export function alignTaps(host: Kernel, guest: Kernel, sameSize: boolean): TapMap | Refusal {
  const [sizes, guestSizes] = [tapSizes(host), tapSizes(guest)];
  const rank = sizes.length;
  if (guestSizes.length !== rank) return refusals.spatialRanksDiffer(rank, guestSizes.length);
  if (outputChannels(host) !== outputChannels(guest) || inputChannels(host) !== inputChannels(guest)) {
    const channels = (kernel: Kernel): string => `${inputChannels(kernel)} to ${outputChannels(kernel)}`;
    return refusals.kernelChannelsDiffer(channels(host), channels(guest));
  }
  if (!equal(host.strides, guest.strides)) return refusals.stridesDiffer(host.strides, guest.strides);
  if (guest.group % host.group !== 0) return refusals.groupsDiffer(host.group, guest.group);
  if (typeof host.pads === "string" || typeof guest.pads === "string") {
    const alike =
      host.pads === guest.pads && equal(sizes, guestSizes) && equal(host.dilations, guest.dilations);
    return alike
      ? sizes.map((size) => Array.from({ length: size }, (_, tap) => tap))
      : refusals.autoPadDependsOnInputSize();
  }
  const map: number[][] = [];
  for (const [axis, size] of sizes.entries()) {
    const [step, guestStep] = [host.dilations[axis] ?? 1, guest.dilations[axis] ?? 1];
    const guestSize = guestSizes[axis] ?? 1;
    const [begin, end] = [host.pads[axis] ?? 0, host.pads[axis + rank] ?? 0];
    const [guestBegin, guestEnd] = [guest.pads[axis] ?? 0, guest.pads[axis + rank] ?? 0];
    const grows = begin + end - step * (size - 1);
    const guestGrows = guestBegin + guestEnd - guestStep * (guestSize - 1);
    if (!sameSize && grows !== guestGrows) return refusals.outputSizesMayDiffer();
    const taps = Array.from({ length: guestSize }, (_, tap) => (begin - guestBegin + tap * guestStep) / step);
    if (taps.some((tap) => !Number.isInteger(tap) || tap < 0 || tap >= size)) {
      return refusals.tapsLieElsewhere(describe(guest, axis), describe(host, axis));
    }
    map.push(taps);
  }
  return map;
}

function describe(kernel: Kernel, axis: number): string {
  const [size = 1, dilation = 1] = [tapSizes(kernel)[axis], kernel.dilations[axis]];
  const pads = typeof kernel.pads === "string" ? [] : kernel.pads;
  const begin = pads[axis] ?? 0;
  return `${size} from ${-begin}${dilation === 1 ? "" : `, dilation ${dilation}`}, on spatial axis ${axis}`;
}

/**
 * The host's weight with the guest's added where its taps lie; the guest's groups are the host's or finer. Sums are made
 * in float64 when the bytes are read, and rounded once.
 */
export function addKernels(dtype: FloatDType, host: Kernel, guest: Kernel, taps: TapMap): Tensor {
  const { dims } = host.weight;
  const [outputs = 0, perGroup = 0] = dims;
  const [, guestPerGroup = 0] = guest.weight.dims;
  const positions = flatTaps(taps, tapSizes(host));
  const tapCount = product(tapSizes(host));
  const [row, guestRow] = [perGroup * tapCount, guestPerGroup * positions.length];
  /** The host's input channel that is the guest's first one for output o. */
  const channelOffset = (o: number): number =>
    Math.floor((o * guest.group) / outputs) * guestPerGroup -
    Math.floor((o * host.group) / outputs) * perGroup;
  return derivedTensor(dtype, dims, [host.weight, guest.weight], (first, count) => {
    const sums = readElements(host.weight, first, count);
    if (count === 0) return sums;
    const firstRow = Math.floor(first / row);
    const rows = Math.floor((first + count - 1) / row) + 1 - firstRow;
    const addends = readElements(guest.weight, firstRow * guestRow, rows * guestRow);
    for (let r = 0, at = 0; r < rows; r++) {
      const o = firstRow + r;
      let base = o * row + channelOffset(o) * tapCount - first;
      for (let j = 0; j < guestPerGroup; j++, base += tapCount) {
        for (const position of positions) {
          const target = base + position;
          if (target >= 0 && target < count) sums[target] = (sums[target] ?? NaN) + (addends[at] ?? NaN);
          at++;
        }
      }
    }
    return sums;
  });
}

/** The host's tap, counted in row-major order, of each of the guest's taps in that order. */
function flatTaps(taps: TapMap, sizes: readonly number[]): readonly number[] {
  return taps.reduce<readonly number[]>(
    (flat, axisTaps, axis) => flat.flatMap((at) => axisTaps.map((tap) => at * (sizes[axis] ?? 1) + tap)),
    [0],
  );
}

/** second(first(x)) as one kernel, in float64, where one of the two has a single tap. */
export interface Composition {
  /** The elements in the order of a weight [M, C/group, k...]. */
  readonly weight: Float64Array;
  readonly dims: readonly number[];
  readonly group: number;
  /** The first one's bias as the second passes it on; undefined without one. */
  readonly bias: Float64Array | undefined;
}

/** The sizes of a composition, without computing it. */
export function composedDims(
  first: Kernel,
  second: Kernel,
): { readonly dims: readonly number[]; readonly group: number } {
  const group = gcd(first.group, second.group);
  const taps = product(tapSizes(first)) === 1 ? tapSizes(second) : tapSizes(first);
  return { dims: [outputChannels(second), inputChannels(first) / group, ...taps], group };
}

/** W[o, c, t] = sum over the channels j between of W2[o, j, t2] * W1[j, c, t1]; bias[o] = sum of W2[o, j, t2] * b1[j]. */
export function composeKernels(
  first: Kernel,
  second: Kernel,
  firstBias: Float64Array | undefined,
): Composition {
  const { dims, group } = composedDims(first, second);
  const [outputs = 0, perGroup = 0] = dims;
  const [between = 0, inner = 0] = first.weight.dims;
  const [, secondInner = 0] = second.weight.dims;
  const [taps1, taps2] = [product(tapSizes(first)), product(tapSizes(second))];
  const [w1, w2] = [first.weight.toFloat64(), second.weight.toFloat64()];
  const weight = new Float64Array(outputs * perGroup * taps1 * taps2);
  const bias = firstBias === undefined ? undefined : new Float64Array(outputs);
  const block = inner * taps1;
  for (let o = 0; o < outputs; o++) {
    const start = Math.floor((o * second.group) / outputs) * secondInner;
    const groupStart = Math.floor((o * group) / outputs) * perGroup;
    for (let j = 0; j < secondInner; j++) {
      const k = start + j;
      const c = Math.floor((k * first.group) / between) * inner - groupStart;
      for (let t = 0; t < taps2; t++) {
        const factor = w2[(o * secondInner + j) * taps2 + t] ?? NaN;
        if (bias !== undefined) bias[o] = (bias[o] ?? NaN) + factor * (firstBias?.[k] ?? NaN);
        // Elements of the other kernel lie `taps2` apart in the result, one after another where taps2 is 1.
        let target = (o * perGroup + c) * taps1 * taps2 + t;
        for (let i = k * block; i < (k + 1) * block; i++, target += taps2) {
          weight[target] = (weight[target] ?? NaN) + factor * (w1[i] ?? NaN);
        }
      }
    }
  }
  return { weight, dims, group, bias };
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
