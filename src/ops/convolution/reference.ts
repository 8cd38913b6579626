import { addProduct, type FillColumns } from "../../float64/gemm.js";
import { allocate, type ReferenceTensor, referenceTensor } from "../../float64/tensor.js";
import { type FacetTable, missing } from "../../rules/facet.js";
import type { ReferenceContext, ReferenceRule } from "../../rules/reference/rule.js";
import {
  forEachTapRun,
  type ReferenceWindow,
  referenceWindow,
  spatialOf,
  tapsOf,
  transposedWindow,
  validRange,
  volume,
} from "../../rules/reference/window.js";
import { errors } from "./errors.js";
import type { OPERATORS } from "./operators.js";

/** With fewer output channels per group a product of matrices reuses too little to be faster. */
const FEW_ROWS = 4;

/** Conv of x [N, C, ...] by w [M, C / group, ...], with an optional bias [M]. */
export function convolve(
  c: ReferenceContext,
  x: ReferenceTensor,
  w: ReferenceTensor,
  bias: ReferenceTensor | undefined,
): ReferenceTensor {
  const [batch = 1, channels = 1, ...spatial] = x.dims;
  const [filters = 1, depth = 1, ...kernel] = w.dims;
  const groups = c.int("group", 1);
  if (depth * groups !== channels || filters % groups !== 0)
    throw errors.weightsDoNotFitInput(w.dims, groups, x.dims);
  const window = referenceWindow(c, spatial, kernel);
  const places = volume(window.output);
  const size = volume(window.input);
  const out = allocate(batch * filters * places);
  fillBias(out, bias, filters, places);
  const rows = filters / groups;
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < groups; g++) {
      const xBase = (n * channels + g * depth) * size;
      const outBase = (n * filters + g * rows) * places;
      const wBase = g * rows * depth * volume(window.kernel);
      if (rows < FEW_ROWS) {
        for (let m = 0; m < rows; m++) {
          const taps = wBase + m * depth * volume(window.kernel);
          addTaps(window, depth, x.data, xBase, w.data, taps, out, outBase + m * places);
        }
        continue;
      }
      const inner = depth * volume(window.kernel);
      addProduct({
        rows,
        depth: inner,
        columns: places,
        a: { data: w.data, base: wBase, rowStride: inner, columnStride: 1 },
        b: patches(window, x.data, xBase),
        out,
        outBase,
      });
    }
  }
  return referenceTensor(x.dtype, [batch, filters, ...spatialOf(window, window.output)], out);
}

function fillBias(
  out: Float64Array,
  bias: ReferenceTensor | undefined,
  channels: number,
  places: number,
): void {
  if (bias === undefined) return;
  for (let at = 0, row = 0; at < out.length; at += places, row++)
    out.fill(bias.data[row % channels] ?? 0, at, at + places);
}

/** out += weight * x along a run. A function of its own, because engines compile its loop better than that of a closure. */
function addScaled(
  out: Float64Array,
  outFirst: number,
  outStep: number,
  x: Float64Array,
  xFirst: number,
  xStep: number,
  count: number,
  weight: number,
): void {
  let i = outFirst;
  let j = xFirst;
  for (let k = 0; k < count; k++, i += outStep, j += xStep) out[i] = (out[i] ?? 0) + weight * (x[j] ?? 0);
}

/** Three neighbouring taps at once: the loop is bound by loads and stores of the output. */
function addThree(
  out: Float64Array,
  outFirst: number,
  x: Float64Array,
  xFirst: number,
  xStep: number,
  spacing: number,
  count: number,
  w: Float64Array,
  wFirst: number,
): void {
  const [w0, w1, w2] = [w[wFirst] ?? 0, w[wFirst + 1] ?? 0, w[wFirst + 2] ?? 0];
  let j = xFirst;
  for (let i = outFirst, end = outFirst + count; i < end; i++, j += xStep)
    out[i] = (out[i] ?? 0) + w0 * (x[j] ?? 0) + w1 * (x[j + spacing] ?? 0) + w2 * (x[j + 2 * spacing] ?? 0);
}

/** `count` places of an output row from `first` on, which one tap, or three taps from `tap0` on, all reach. */
interface RowRun {
  readonly tap0: number;
  readonly three: boolean;
  readonly first: number;
  readonly count: number;
}

function rowRuns({ input, output, kernel, strides, dilations, begin }: ReferenceWindow): RowRun[] {
  const ranges = Array.from({ length: kernel[2] }, (_, tap) =>
    validRange(output[2], strides[2], tap * dilations[2] - begin[2], input[2]),
  );
  const single = (tap: number, first: number, end: number): RowRun => ({
    tap0: tap,
    three: false,
    first,
    count: end - first,
  });
  const runs: RowRun[] = [];
  let tap0 = 0;
  for (; tap0 + 3 <= ranges.length; tap0 += 3) {
    const group = ranges.slice(tap0, tap0 + 3);
    const first = Math.max(...group.map(([low]) => low));
    const end = Math.max(first, Math.min(...group.map(([, high]) => high)));
    runs.push({ tap0, three: true, first, count: end - first });
    group.forEach(([low, high], index) => {
      runs.push(single(tap0 + index, low, Math.min(first, high)));
      runs.push(single(tap0 + index, Math.max(end, low), high));
    });
  }
  for (; tap0 < ranges.length; tap0++) {
    const [low, high] = ranges[tap0] ?? [0, 0];
    runs.push(single(tap0, low, high));
  }
  return runs.filter(({ count }) => count > 0);
}

/** One output channel: for depthwise convolutions. Row by row, so that a row of the output stays in the cache. */
function addTaps(
  window: ReferenceWindow,
  depth: number,
  x: Float64Array,
  xBase: number,
  w: Float64Array,
  wBase: number,
  out: Float64Array,
  outBase: number,
): void {
  const { input, output, kernel, strides, dilations, begin } = window;
  const runs = rowRuns(window);
  for (let place = 0; place < output[0] * output[1]; place++) {
    const d = Math.floor(place / output[1]) * strides[0] - begin[0];
    const h = (place % output[1]) * strides[1] - begin[1];
    const outRow = outBase + place * output[2];
    for (let channel = 0; channel < depth; channel++) {
      const plane = xBase + channel * volume(input);
      for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
        const fromD = d + Math.floor(tap / kernel[1]) * dilations[0];
        const fromH = h + (tap % kernel[1]) * dilations[1];
        if (fromD < 0 || fromD >= input[0] || fromH < 0 || fromH >= input[1]) continue;
        const xRow = plane + (fromD * input[1] + fromH) * input[2];
        const at = wBase + (channel * kernel[0] * kernel[1] + tap) * kernel[2];
        for (const { tap0, three, first, count } of runs) {
          const from = xRow + first * strides[2] - begin[2];
          const source = from + tap0 * dilations[2];
          if (three) addThree(out, outRow + first, x, source, strides[2], dilations[2], count, w, at + tap0);
          else addScaled(out, outRow + first, 1, x, source, strides[2], count, w[at + tap0] ?? 0);
        }
      }
    }
  }
}

/** The patches under the window as columns of a matrix [channels * taps, places], block by block. */
function patches(window: ReferenceWindow, x: Float64Array, xBase: number): FillColumns {
  const { input, output, strides, dilations, begin } = window;
  const taps = tapsOf(window.kernel);
  const size = volume(input);
  return (target, k0, depth, j0, columns) => {
    for (let k = 0; k < depth; k++) {
      const channel = Math.floor((k0 + k) / taps.length);
      const [tapD, tapH, tapW] = taps[(k0 + k) % taps.length] ?? [0, 0, 0];
      const base = xBase + channel * size;
      const row = k * columns;
      for (let j = 0; j < columns; ) {
        const place = j0 + j;
        const w = place % output[2];
        const h = Math.floor(place / output[2]) % output[1];
        const d = Math.floor(place / (output[2] * output[1]));
        const count = Math.min(output[2] - w, columns - j);
        const fromD = d * strides[0] + tapD * dilations[0] - begin[0];
        const fromH = h * strides[1] + tapH * dilations[1] - begin[1];
        let fromW = w * strides[2] + tapW * dilations[2] - begin[2];
        const at = row + j;
        j += count;
        if (fromD < 0 || fromD >= input[0] || fromH < 0 || fromH >= input[1]) {
          target.fill(0, at, at + count);
          continue;
        }
        const line = base + (fromD * input[1] + fromH) * input[2];
        for (let i = at; i < at + count; i++, fromW += strides[2])
          target[i] = fromW >= 0 && fromW < input[2] ? (x[line + fromW] ?? 0) : 0;
      }
    }
  };
}

const conv: ReferenceRule = (c) => [convolve(c, c.input(0), c.input(1), c.optional(2))];

/** Each input place times the kernel, as one product of matrices, then added into the places that its taps reach. */
const convTranspose: ReferenceRule = (c) => {
  const [x, w, bias] = [c.input(0), c.input(1), c.optional(2)];
  const [batch = 1, channels = 1, ...spatial] = x.dims;
  const [wChannels = 1, perGroup = 1, ...kernel] = w.dims;
  const groups = c.int("group", 1);
  if (wChannels !== channels || channels % groups !== 0)
    throw errors.weightsDoNotFitInput(w.dims, groups, x.dims);
  const window = transposedWindow(c, spatial, kernel);
  // The window slides over the result, and its positions are the places of the input.
  const sliding: ReferenceWindow = { ...window, input: window.output, output: window.input };
  const places = volume(window.output);
  const size = volume(window.input);
  const taps = tapsOf(window.kernel);
  const filters = perGroup * groups;
  const depth = channels / groups;
  const out = allocate(batch * filters * places);
  fillBias(out, bias, filters, places);
  const rows = perGroup * taps.length;
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < groups; g++) {
      const spread = allocate(rows * size);
      addProduct({
        rows,
        depth,
        columns: size,
        a: { data: w.data, base: g * depth * rows, rowStride: 1, columnStride: rows },
        b: { data: x.data, base: (n * channels + g * depth) * size, rowStride: size, columnStride: 1 },
        out: spread,
        outBase: 0,
      });
      for (let m = 0; m < perGroup; m++) {
        const outBase = (n * filters + g * perGroup + m) * places;
        taps.forEach((tap, index) => {
          const row = (m * taps.length + index) * size;
          forEachTapRun(sliding, tap, (at, from, count, step) => {
            addScaled(out, outBase + from, step, spread, row + at, 1, count, 1);
          });
        });
      }
    }
  }
  return [referenceTensor(x.dtype, [batch, filters, ...spatialOf(window, window.output)], out)];
};

export const reference: FacetTable<keyof typeof OPERATORS, ReferenceRule> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  DeformConv: missing("the computation is not written"),
};
