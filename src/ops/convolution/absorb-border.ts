import { sumsTensor } from "../../affine/scale-tensor.js";
import { product } from "../../base/integers.js";
import { isRefusal, type Refusal } from "../../base/refusal.js";
import { isFloat } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import type { Tensor } from "../../ir/tensor.js";
import type { Facts } from "../../rules/facts.js";
import { refusals } from "./refusals.js";

/** The elements of the largest map that is stored as a constant. A larger one would bloat the model. */
const MAX_MAP = 1 << 18;

/**
 * The output of a Conv for an input that is shift[c] everywhere and zero in the padding: a constant [1, M, sizes...] for an Add
 * behind the Conv, exact up to the border. The sizes of the image must be numbers.
 *
 *   map[m, o] = sum over the taps t of m that read the image at o, and over c, of W[m, c, t] * shift[c]
 */
export function borderMap(
  node: Node,
  weight: Tensor,
  shift: Float64Array,
  channelOfRow: (row: number) => number,
  facts: Facts,
): Tensor | Refusal {
  const { dtype, dims } = weight;
  const [outputs = 0, , ...kernel] = dims;
  const [input, output] = [node.input(0), node.output(0)].map((value) => spatialSizes(value, facts));
  if (!isFloat(dtype) || input?.length !== kernel.length || output?.length !== kernel.length) {
    return refusals.imageSizeIsUnknown();
  }
  const positions = product(output);
  if (positions * outputs > MAX_MAP) {
    return refusals.borderMapIsTooLarge(positions * outputs);
  }
  const begins = beginPads(node, input, output, kernel);
  if (isRefusal(begins)) return begins;
  const [strides, dilations] = [node.ints("strides") ?? [], node.ints("dilations") ?? []];
  const sums = (): Float64Array => {
    const shiftOfRow = (row: number): number => shift[channelOfRow(row)] ?? NaN;
    return sumsAtPositions(weight, { input, output, begins, strides, dilations }, shiftOfRow);
  };
  const map = sumsTensor(dtype, [1, outputs, ...output], shift, sums);
  return map ?? refusals.borderMapWouldOverflow(dtype);
}

interface Extent {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly begins: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

function sumsAtPositions(
  weight: Tensor,
  { input, output, begins, strides, dilations }: Extent,
  shiftOfRow: (row: number) => number,
): Float64Array {
  const [outputs = 0, perGroup = 0, ...kernel] = weight.dims;
  const positions = product(output);
  const taps = product(kernel);
  const sums = tapSums(weight, { rows: outputs * perGroup, perGroup, taps }, shiftOfRow);
  const inside = kernel.map((size, axis) => {
    const [stride, dilation] = [strides[axis] ?? 1, dilations[axis] ?? 1];
    return Array.from({ length: output[axis] ?? 0 }, (_, o) =>
      Array.from({ length: size }, (__, t) => {
        const at = o * stride - (begins[axis] ?? 0) + t * dilation;
        return at >= 0 && at < (input[axis] ?? 0);
      }),
    );
  });
  const values = new Float64Array(outputs * positions);
  for (let position = 0; position < positions; position++) {
    const seen = tapsInside(position, output, inside);
    for (let m = 0; m < outputs; m++) {
      let sum = 0;
      for (const tap of seen) sum += sums[m * taps + tap] ?? NaN;
      values[m * positions + position] = sum;
    }
  }
  return values;
}

function spatialSizes(value: Parameters<Facts["shape"]>[0] | undefined, facts: Facts): number[] | undefined {
  const shape = value && facts.shape(value)?.slice(2);
  const sizes = shape?.filter((dim) => typeof dim === "number");
  return sizes?.length === shape?.length ? sizes : undefined;
}

/** The padding in front of each axis. */
function beginPads(
  node: Node,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): readonly number[] | Refusal {
  const rule = node.string("auto_pad", "NOTSET");
  if (rule === "NOTSET" || rule === "") return node.ints("pads")?.slice(0, kernel.length) ?? [];
  if (rule !== "SAME_UPPER" && rule !== "SAME_LOWER") return refusals.borderStays();
  const [strides, dilations] = [node.ints("strides"), node.ints("dilations")];
  return kernel.map((size, axis) => {
    const reach = (size - 1) * (dilations?.[axis] ?? 1) + 1;
    const total = ((output[axis] ?? 1) - 1) * (strides?.[axis] ?? 1) + reach - (input[axis] ?? 0);
    const pad = Math.max(total, 0);
    return rule === "SAME_UPPER" ? Math.floor(pad / 2) : Math.ceil(pad / 2);
  });
}

/** For each output channel and tap, the sum over its input channels of W * shift. */
function tapSums(
  weight: Tensor,
  { rows, perGroup, taps }: { readonly rows: number; readonly perGroup: number; readonly taps: number },
  shiftOfRow: (row: number) => number,
): Float64Array {
  const numbers = weight.toFloat64();
  const sums = new Float64Array((rows / Math.max(perGroup, 1)) * taps);
  for (let row = 0; row < rows; row++) {
    const [m, shift] = [Math.floor(row / perGroup), shiftOfRow(row)];
    for (let t = 0; t < taps; t++) {
      const at = m * taps + t;
      sums[at] = (sums[at] ?? NaN) + (numbers[row * taps + t] ?? NaN) * shift;
    }
  }
  return sums;
}

/** The taps, in row-major order, that read the image and not its padding at a position. */
function tapsInside(
  position: number,
  output: readonly number[],
  inside: readonly (readonly (readonly boolean[])[])[],
): readonly number[] {
  let taps = [0];
  let rest = position;
  const at = new Array<number>(output.length);
  for (let axis = output.length - 1; axis >= 0; axis--) {
    const size = output[axis] ?? 1;
    at[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  for (const [axis, rows] of inside.entries()) {
    const row = rows[at[axis] ?? 0] ?? [];
    taps = taps.flatMap((tap) => row.flatMap((seen, t) => (seen ? [tap * row.length + t] : [])));
  }
  return taps;
}
