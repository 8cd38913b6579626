import { product } from "../base/integers.js";
import { bitsOf } from "../ir/dtype.js";
import type { Model } from "../ir/model.js";
import type { FeedSet } from "./feeds.js";
import type { RuntimeTensor, TensorMap } from "./runtime.js";

/**
 * Sets of as many samples as the model's inputs fix, out of sets of several times as many: data comes in one array, and exporters
 * fix the batch to 1. Sets that fit, or that cannot be parted so, stay as they are.
 */
export function splitBatches(model: Model, sets: readonly FeedSet[]): readonly FeedSet[] {
  const batches = model.graph.inputs.flatMap(({ tensor, type }) => {
    const size = tensor === undefined && type?.kind === "tensor" ? type.shape?.[0] : undefined;
    return typeof size === "number" ? [size] : [];
  });
  const [batch = 0] = batches;
  if (batch === 0 || batches.some((size) => size !== batch)) return sets;
  return sets.flatMap((set) => {
    const tensors = [...set.feeds.values(), ...(set.expected?.values() ?? [])];
    const [samples = 0] = tensors[0]?.dims ?? [];
    const fits = tensors.every(({ dims: [own = 0], dtype }) => own === samples && bitsOf(dtype) % 8 === 0);
    if (!fits || samples <= batch || samples % batch !== 0) return [set];
    return Array.from({ length: samples / batch }, (_, index) => part(set, index, batch));
  });
}

/** The samples of one batch. Labels stay with the first, which has those of all: they are read in order. */
function part({ name, feeds, expected, labels }: FeedSet, index: number, batch: number): FeedSet {
  const take = (tensors: TensorMap): TensorMap =>
    new Map([...tensors].map(([key, tensor]) => [key, rows(tensor, index * batch, batch)]));
  return {
    name: `${name} ${index}`,
    feeds: take(feeds),
    expected: expected && take(expected),
    ...(labels === undefined || index > 0 ? {} : { labels }),
  };
}

function rows({ dtype, dims, data }: RuntimeTensor, first: number, count: number): RuntimeTensor {
  const size = product(dims.slice(1));
  const each = data instanceof Uint8Array ? (size * bitsOf(dtype)) / 8 : size;
  return { dtype, dims: [count, ...dims.slice(1)], data: data.slice(first * each, (first + count) * each) };
}
