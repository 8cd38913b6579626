import { present } from "../base/assert.js";
import { type DType, isFloat } from "../ir/dtype.js";
import { decodeNumbers, encodeNumbers, typedView } from "../ir/tensor.js";
import type { Dim } from "../ir/type.js";
import { type RuntimeTensor, tensorSize } from "../runtime/runtime.js";
import type { Batch, Dataset, Field } from "./dataset.js";
import { errors } from "./errors.js";

/** The name of the field with the right answers. It is never bound to an input. */
export const LABELS = "labels";

/** An input of a model that data is for. */
export interface Slot {
  /** The input's name. */
  readonly name: string;
  /** Element type of the input. */
  readonly dtype: DType;
  /** Sizes with the batch; undefined where the rank is not known. */
  readonly shape: readonly Dim[] | undefined;
}

/**
 * How stored numbers are brought into the range that a network was trained on: (x * scale - mean) / std, channel by
 * channel.
 */
export interface Preparation {
  /** Factor for stored numbers: 1/255 makes bytes numbers from 0 to 1. Default 1. */
  readonly scale?: number;
  /** One number, or one for each channel. Default 0. */
  readonly mean?: readonly number[];
  /** Above zero; one number, or one for each channel. Default 1. */
  readonly std?: readonly number[];
  /** The order of dimensions of the model's images. Default: taken from the shape of its input. */
  readonly layout?: "NCHW" | "NHWC";
}

/**
 * The dataset under the names, and in the types and layouts, of a model's inputs. Fields go to the inputs of their names or,
 * where no name fits, to the inputs in order. Samples with the right number of elements are reshaped, channels are moved to
 * where the input has them, numbers are converted. The field "labels" stays as it is. Throws NormfoldError "usage" where
 * the data does not fit; a batch with NaN or infinity throws "invalid" and names the sample.
 */
export function bindDataset(
  dataset: Dataset,
  slots: readonly Slot[],
  preparation: Preparation = {},
): Dataset {
  const inputs = dataset.fields.filter(({ name }) => name !== LABELS);
  const byName = slots.some((slot) => inputs.some(({ name }) => name === slot.name));
  const bindings = slots.map((slot, index): Binding => {
    const field = byName ? inputs.find(({ name }) => name === slot.name) : inputs[index];
    if (field === undefined) {
      throw errors.inputHasNoData(
        slot.name,
        inputs.map(({ name }) => name),
      );
    }
    return bind(field, slot, preparation);
  });
  const labels = dataset.fields.filter(({ name }) => name === LABELS);
  return {
    size: dataset.size,
    fields: [...bindings.map(({ field }) => field), ...labels],
    async *batches(options) {
      for await (const batch of dataset.batches(options)) yield convertBatch(batch, bindings);
    },
    close: () => dataset.close(),
  };
}

interface Binding {
  readonly source: string;
  readonly field: Field;
  readonly convert: (tensor: RuntimeTensor) => RuntimeTensor;
}

function convertBatch(batch: Batch, bindings: readonly Binding[]): Batch {
  const tensors = new Map<string, RuntimeTensor>();
  for (const { source, field, convert } of bindings) {
    const tensor = convert(present(batch.tensors.get(source), "a batch has its dataset's fields"));
    assertNumbers(tensor, field.name, batch);
    tensors.set(field.name, tensor);
  }
  const labels = batch.tensors.get(LABELS);
  if (labels !== undefined) tensors.set(LABELS, labels);
  return { ...batch, tensors };
}

/** Throws "invalid" for NaN and infinity, because a single one would make every statistic NaN. */
function assertNumbers({ dtype, data }: RuntimeTensor, name: string, { size, places }: Batch): void {
  if (!isFloat(dtype) || !(data instanceof Uint8Array)) return;
  const view = typedView(dtype, data) ?? decodeNumbers(dtype, data, data.length / 2);
  for (let i = 0; i < view.length; i++) {
    const value = Number(view[i]);
    if (value - value === 0) continue;
    const place = places?.[Math.floor((i * size) / view.length)];
    const sample = place === undefined ? "a sample" : `sample ${place}`;
    throw errors.sampleIsNotFinite(sample, name, value);
  }
}

function bind(field: Field, slot: Slot, preparation: Preparation): Binding {
  const inner = slot.shape?.slice(1);
  const stored = field.shape;
  const target =
    stored === undefined ? undefined : sampleShape(field.name, stored, slot, inner, preparation.layout);
  const shape = target?.shape;
  if ((field.dtype === "string") !== (slot.dtype === "string")) {
    throw errors.dataTypeDiffers(slot.name, slot.dtype, field.dtype);
  }
  const map = isFloat(slot.dtype) ? channelMapOf(preparation, shape, slot, preparation.layout) : undefined;
  return {
    source: field.name,
    field: { name: slot.name, dtype: slot.dtype, shape },
    convert: (tensor) => {
      const moved = target?.channelsFirst === true ? channelsFirst(tensor) : tensor;
      const dims = shape === undefined ? moved.dims : [moved.dims[0] ?? 0, ...shape];
      return converted({ ...moved, dims }, slot, map);
    },
  };
}

/** The shape that stored samples get: their own, the same with channels moved, or another of as many elements. */
function sampleShape(
  name: string,
  stored: readonly number[],
  slot: Slot,
  inner: readonly Dim[] | undefined,
  layout: Preparation["layout"],
): { readonly shape: readonly number[]; readonly channelsFirst: boolean } {
  const moved = stored.length === 3 ? [stored[2] ?? 0, stored[0] ?? 0, stored[1] ?? 0] : undefined;
  if (moved !== undefined && layout === "NCHW" && !isChannelCount(stored[0]) && isChannelCount(stored[2])) {
    return { shape: moved, channelsFirst: true };
  }
  if (inner === undefined || fits(stored, inner)) return { shape: stored, channelsFirst: false };
  if (moved !== undefined && fits(moved, inner)) return { shape: moved, channelsFirst: true };
  // 28x28 pixels for 784 inputs, or for an image of one channel.
  const sizes = inner.map((dim) => (typeof dim === "number" ? dim : undefined));
  const open = sizes.filter((dim) => dim === undefined).length;
  const known = sizes.reduce<number>((product, dim) => product * (dim ?? 1), 1);
  const elements = tensorSize(stored);
  if (open === 0 && known === elements) return { shape: sizes.map((dim) => dim ?? 1), channelsFirst: false };
  if (stored.length === 2 && inner.length === 3 && fits([1, ...stored], inner)) {
    return { shape: [1, ...stored], channelsFirst: false };
  }
  const wanted = inner.map((dim) => dim ?? "?").join("x");
  throw errors.sampleSizesDiffer(slot.name, wanted || "a scalar", name, stored.join("x") || "scalars");
}

function isChannelCount(size: number | undefined): boolean {
  return size === 1 || size === 3 || size === 4;
}

function fits(stored: readonly number[], wanted: readonly Dim[]): boolean {
  return (
    stored.length === wanted.length &&
    stored.every((size, axis) => typeof wanted[axis] !== "number" || wanted[axis] === size)
  );
}

/** [N,H,W,C] to [N,C,H,W]. */
function channelsFirst({ dtype, dims, data }: RuntimeTensor): RuntimeTensor {
  const [count = 0, height = 0, width = 0, channels = 0] = dims;
  if (!(data instanceof Uint8Array)) return { dtype, dims, data };
  const out = new Uint8Array(data.length);
  const plane = height * width;
  const element = data.length / Math.max(1, count * plane * channels);
  for (let image = 0; image < count; image++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        const from = ((image * plane + pixel) * channels + channel) * element;
        const to = ((image * channels + channel) * plane + pixel) * element;
        for (let byte = 0; byte < element; byte++) out[to + byte] = data[from + byte] ?? 0;
      }
    }
  }
  return { dtype, dims: [count, channels, height, width], data: out };
}

/** y = x * factor[c] + offset[c]. The elements are stored as a run of channel 0, a run of channel 1, and so on, repeated. */
interface ChannelMap {
  readonly factors: readonly number[];
  readonly offsets: readonly number[];
  /** Elements of a run. */
  readonly run: number;
}

function channelMapOf(
  { scale = 1, mean = [0], std = [1] }: Preparation,
  shape: readonly number[] | undefined,
  slot: Slot,
  layout: Preparation["layout"],
): ChannelMap | undefined {
  const count = Math.max(mean.length, std.length);
  if (std.some((value) => !(value > 0))) throw errors.stdIsNotPositive();
  if (count === 1 && scale === 1 && mean[0] === 0 && std[0] === 1) return undefined;
  const last = shape?.at(-1);
  const isLast =
    layout === "NHWC" || (layout === undefined && !isChannelCount(shape?.[0]) && isChannelCount(last));
  const channels = isLast ? last : shape?.[0];
  if (
    count > 1 &&
    (channels !== count || (mean.length > 1 && std.length > 1 && mean.length !== std.length))
  ) {
    const several = Object.entries({ mean, std }).filter(([, values]) => values.length > 1);
    const given = several.map(([name, values]) => `${name} is for ${values.length} channels`).join(", ");
    throw errors.preparationChannelsDiffer(given, slot.name, channels);
  }
  const at = (values: readonly number[], channel: number): number =>
    present(values.length === 1 ? values[0] : values[channel], "as many as channels");
  const all = Array.from({ length: count }, (_, channel) => channel);
  return {
    factors: all.map((channel) => scale / at(std, channel)),
    offsets: all.map((channel) => -at(mean, channel) / at(std, channel)),
    run: isLast || shape === undefined ? 1 : tensorSize(shape.slice(1)),
  };
}

function converted(tensor: RuntimeTensor, slot: Slot, map: ChannelMap | undefined): RuntimeTensor {
  const { dtype, dims, data } = tensor;
  if ((dtype === slot.dtype && map === undefined) || !(data instanceof Uint8Array)) return tensor;
  const count = tensorSize(dims);
  const numbers = typedView(dtype, data) ?? decodeNumbers(dtype, data, count);
  const out = slot.dtype === "float" ? new Float32Array(count) : new Float64Array(count);
  if (map === undefined) {
    for (let i = 0; i < count; i++) out[i] = Number(numbers[i]);
  } else {
    const { factors, offsets, run } = map;
    for (let i = 0, channel = 0; i < count; channel = (channel + 1) % factors.length) {
      const factor = factors[channel] ?? 1;
      const offset = offsets[channel] ?? 0;
      for (const end = Math.min(count, i + run); i < end; i++) out[i] = Number(numbers[i]) * factor + offset;
    }
  }
  if (out instanceof Float32Array) {
    return { dtype: slot.dtype, dims, data: new Uint8Array(out.buffer) };
  }
  if (!isFloat(slot.dtype)) {
    const lost = out.findIndex((value) => !Number.isInteger(value));
    if (lost >= 0) throw errors.dataNumberDoesNotFit(out[lost] ?? NaN, slot.name, slot.dtype);
  }
  return { dtype: slot.dtype, dims, data: encodeNumbers(slot.dtype, out) };
}
