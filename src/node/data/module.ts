import { product } from "../../base/integers.js";
import { createRandom } from "../../base/random.js";
import {
  assertBatchOptions,
  type Batch,
  type BatchOptions,
  type Dataset,
  type Field,
} from "../../data/dataset.js";
import { errors as dataErrors } from "../../data/errors.js";
import type { DType } from "../../ir/dtype.js";
import { tensorFromBigInts } from "../../ir/tensor.js";
import type { RuntimeTensor } from "../../runtime/runtime.js";
import { errors } from "../errors.js";
import { ModuleThread } from "./module-thread.js";

/** Samples that are held, so that a stream, which can only be read in its order, can be shuffled. */
const SHUFFLE_WINDOW = 1024;

/**
 * A JavaScript module whose default export is an iterable or async iterable of samples, or a function that returns one. A
 * sample is an object of typed arrays, numbers, or { data, dims }, by input name; "labels" are the right answers. It may take
 * `seconds` to load, and as many for each sample.
 */
export async function moduleDataset(path: string, seconds?: number): Promise<Dataset> {
  const thread = new ModuleThread(path, seconds);
  try {
    const first = await firstOf(path, thread);
    const fields = [...first.tensors].map(([name, { dtype, dims }]): Field => ({ name, dtype, shape: dims }));
    return {
      size: undefined,
      fields,
      batches: (options) => batches(path, thread, fields, options),
      close: () => thread.close(),
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

interface Sample {
  /** Counted from 0, in the module's order. */
  readonly place: number;
  readonly tensors: ReadonlyMap<string, RuntimeTensor>;
}

async function firstOf(path: string, thread: ModuleThread): Promise<Sample> {
  for await (const sample of thread.samples(1)) return sampleOf(path, sample, 0);
  throw dataErrors.dataHoldsNoSamples().at({ file: path });
}

async function* batches(
  path: string,
  thread: ModuleThread,
  fields: readonly Field[],
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  assertBatchOptions(options);
  const { size, seed, limit = Number.POSITIVE_INFINITY, dropLast = false, skip = 0, signal } = options;
  let pending: Sample[] = [];
  let skipped = 0;
  for await (const sample of shuffled(path, thread.samples(limit), seed)) {
    signal?.throwIfAborted();
    if (skipped < skip * size) {
      skipped++;
      continue;
    }
    pending.push(sample);
    if (pending.length < size) continue;
    yield collate(path, fields, pending);
    pending = [];
  }
  if (pending.length > 0 && !dropLast) yield collate(path, fields, pending);
}

async function* shuffled(
  path: string,
  samples: AsyncIterable<unknown>,
  seed: number | undefined,
): AsyncGenerator<Sample, void, undefined> {
  const random = seed === undefined ? undefined : createRandom(seed);
  const held: Sample[] = [];
  let count = 0;
  const draw = (): Sample | undefined => {
    const at = random?.integer(0, held.length) ?? 0;
    const chosen = held[at];
    const last = held.pop();
    if (last !== undefined && at < held.length) held[at] = last;
    return chosen;
  };
  for await (const item of samples) {
    const sample = sampleOf(path, item, count++);
    if (random === undefined) {
      yield sample;
      continue;
    }
    held.push(sample);
    if (held.length < SHUFFLE_WINDOW) continue;
    const chosen = draw();
    if (chosen !== undefined) yield chosen;
  }
  while (held.length > 0) {
    const chosen = draw();
    if (chosen !== undefined) yield chosen;
  }
}

function sampleOf(file: string, sample: unknown, index: number): Sample {
  if (typeof sample !== "object" || sample === null) {
    throw errors.sampleIsNotObject(index).at({ file });
  }
  const tensors = new Map(
    Object.entries(sample).map(([name, value]: [string, unknown]) => {
      const tensor = tensorFrom(value);
      if (tensor !== undefined) return [name, tensor];
      throw errors.sampleFieldIsNotTensor(name, index).at({ file });
    }),
  );
  return { place: index, tensors };
}

const TYPES: readonly (readonly [new (length: number) => ArrayBufferView, DType])[] = [
  [Float32Array, "float"],
  [Float64Array, "double"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Uint16Array, "uint16"],
  [Int32Array, "int32"],
  [Uint32Array, "uint32"],
  [BigInt64Array, "int64"],
];

/** A field of a sample as a tensor; undefined where it cannot be one. */
function tensorFrom(value: unknown, dims?: readonly number[]): RuntimeTensor | undefined {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) {
      return { dtype: "float", dims: [], data: new Uint8Array(Float32Array.of(value).buffer) };
    }
    return { dtype: "int64", dims: [], data: tensorFromBigInts([], [BigInt(value)]).bytes() };
  }
  if (ArrayBuffer.isView(value)) {
    const dtype = TYPES.find(([type]) => value instanceof type)?.[1];
    if (dtype === undefined || !("length" in value)) return undefined;
    const data = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    return { dtype, dims: dims ?? [Number(value.length)], data };
  }
  if (typeof value !== "object" || value === null || !("data" in value) || !("dims" in value))
    return undefined;
  const sizes = Array.isArray(value.dims) ? value.dims.map(Number) : undefined;
  const inner = sizes === undefined ? undefined : tensorFrom(value.data, sizes);
  const count = sizes && product(sizes);
  const length = ArrayBuffer.isView(value.data) && "length" in value.data ? value.data.length : undefined;
  return count === length ? inner : undefined;
}

function collate(file: string, fields: readonly Field[], samples: readonly Sample[]): Batch {
  const tensors = new Map<string, RuntimeTensor>();
  for (const { name, dtype, shape = [] } of fields) {
    const parts = samples.map((sample) => {
      const tensor = sample.tensors.get(name);
      const isLike = tensor?.dtype === dtype && tensor.dims.join() === shape.join();
      if (isLike && tensor.data instanceof Uint8Array) return tensor.data;
      const found = tensor === undefined ? "missing" : `${tensor.dtype}[${tensor.dims}]`;
      throw errors.sampleDiffersFromFirst(name, sample.place, found, `${dtype}[${shape}]`).at({ file });
    });
    const width = parts[0]?.length ?? 0;
    const data = new Uint8Array(parts.length * width);
    parts.forEach((part, index) => {
      data.set(part, index * width);
    });
    tensors.set(name, { dtype, dims: [samples.length, ...shape], data });
  }
  return { size: samples.length, tensors, places: samples.map(({ place }) => place) };
}
