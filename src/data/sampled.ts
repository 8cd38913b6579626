import { invariant, present } from "../base/assert.js";
import type { ByteSource } from "../base/bytes.js";
import { createRandom } from "../base/random.js";
import { bitsOf, type DType } from "../ir/dtype.js";
import { type RuntimeTensor, type TensorMap, tensorSize } from "../runtime/runtime.js";
import { assertBatchOptions, type Batch, type BatchOptions, type Dataset, type Field } from "./dataset.js";
import { errors } from "./errors.js";

/** Samples that can be read in any order. */
export interface SampleSource {
  /** Number of samples. */
  readonly size: number;
  /** The tensors that each sample has. */
  readonly fields: readonly Field[];
  /** The samples at these places, in this order, side by side. It may use `memory`, as BatchOptions describes it. */
  read(at: Uint32Array, memory?: BatchOptions["memory"]): Promise<TensorMap>;
  /** Closes the files that the samples are read from. */
  close(): Promise<void>;
}

/** Batches of a source, in its order or shuffled. */
export function sampledDataset(source: SampleSource): Dataset {
  return {
    size: source.size,
    fields: source.fields,
    batches: (options) => batchesOf(source, options),
    close: () => source.close(),
  };
}

async function* batchesOf(
  source: SampleSource,
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  assertBatchOptions(options);
  const { size, seed, limit = source.size, dropLast = false, skip = 0, memory, signal } = options;
  const order = sampleOrder(source.size, seed).subarray(0, limit);
  for (let start = skip * size; start < order.length; start += size) {
    signal?.throwIfAborted();
    const chosen = order.subarray(start, start + size);
    if (dropLast && chosen.length < size) return;
    yield { size: chosen.length, tensors: await source.read(chosen, memory), places: chosen };
  }
}

/** The samples in the order they are drawn in: as they are stored, or shuffled by Fisher and Yates. */
function sampleOrder(total: number, seed: number | undefined): Uint32Array {
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  if (seed === undefined) return order;
  const random = createRandom(seed);
  for (let i = total - 1; i > 0; i--) {
    const other = random.integer(0, i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** An array somewhere in a file or in memory, row-major, its elements in whole bytes. */
export interface StoredArray {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes; the first counts the samples. */
  readonly dims: readonly number[];
  /** The source that holds the elements. */
  readonly source: ByteSource;
  /** The first byte of the first element. */
  readonly offset: number;
}

/** Samples along the first dimension of arrays. Only the rows of a batch are read. Throws "usage" for unequal lengths. */
export function arraySource(arrays: ReadonlyMap<string, StoredArray>): SampleSource {
  const named = [...arrays];
  const [first] = named;
  if (first === undefined) throw errors.dataHoldsNoArray();
  const size = lengthOf(first);
  for (const entry of named) {
    if (lengthOf(entry) === size) continue;
    throw errors.sampleCountsDiffer(`"${first[0]}"`, size, `"${entry[0]}"`, lengthOf(entry));
  }
  return {
    size,
    fields: named.map(([name, { dtype, dims }]): Field => ({ name, dtype, shape: dims.slice(1) })),
    read: (at, memory) =>
      Promise.resolve(
        new Map(named.map(([name, array]) => [name, readRows(array, at, (bytes) => memory?.(bytes, name))])),
      ),
    close: () => Promise.resolve(),
  };
}

function lengthOf([name, { dims }]: readonly [string, StoredArray]): number {
  if (dims[0] !== undefined) return dims[0];
  throw errors.dataIsScalar(name);
}

function readRows(
  { dtype, dims, source, offset }: StoredArray,
  at: Uint32Array,
  memory: (size: number) => Uint8Array | undefined,
): RuntimeTensor {
  const inner = dims.slice(1);
  const width = (tensorSize(inner) * bitsOf(dtype)) / 8;
  const size = at.length * width;
  const data = memory(size) ?? new Uint8Array(size);
  // Rows that follow each other are read together.
  for (let start = 0; start < at.length; ) {
    const row = present(at[start], "within the places");
    let end = start + 1;
    while (end < at.length && at[end] === row + end - start) end++;
    data.set(source.read(offset + row * width, (end - start) * width), start * width);
    start = end;
  }
  return { dtype, dims: [at.length, ...inner], data };
}

/** One source with the fields of all, as of images and their labels. Throws "usage" for unequal lengths and equal names. */
export function joinSources(sources: readonly SampleSource[]): SampleSource {
  const [first] = sources;
  invariant(first !== undefined, "sources to join");
  for (const source of sources) {
    if (source.size !== first.size) {
      throw errors.sampleCountsDiffer("the data", first.size, "its labels", source.size);
    }
  }
  const fields = sources.flatMap((source) => source.fields);
  const twice = fields.find(({ name }, index) => fields.findIndex((field) => field.name === name) !== index);
  if (twice !== undefined) throw errors.nameIsInDataTwice(twice.name);
  return {
    size: first.size,
    fields,
    async read(at, memory) {
      const parts = await Promise.all(sources.map((source) => source.read(at, memory)));
      return new Map(parts.flatMap((part) => [...part]));
    },
    async close() {
      for (const source of sources) await source.close();
    },
  };
}

/** The source with its only field under another name. Throws "usage" where it has several. */
export function renameOnly(source: SampleSource, name: string): SampleSource {
  const [only] = source.fields;
  if (only === undefined || source.fields.length > 1) {
    throw errors.labelsAreNotOneArray(
      name,
      source.fields.map((field) => field.name),
    );
  }
  return {
    size: source.size,
    fields: [{ ...only, name }],
    async read(at, memory) {
      const tensors = await source.read(at, memory && ((size) => memory(size, name)));
      return new Map([[name, present(tensors.get(only.name), "a source gives its fields")]]);
    },
    close: () => source.close(),
  };
}
