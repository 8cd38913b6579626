import type { Dataset } from "../../src/data/dataset.js";
import { tensorDataset } from "../../src/data/memory.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Model } from "../../src/ir/model.js";
import { decodeNumbers, encodeNumbers } from "../../src/ir/tensor.js";
import { encodeToBytes } from "../../src/proto/encode.js";
import { defaultRuntime } from "../../src/runtime/ort.js";
import type { RuntimeTensor, TensorMap } from "../../src/runtime/runtime.js";
import { elementsOf, type Values } from "../support/text.js";

export function tensor(
  dims: readonly number[],
  values: readonly number[],
  dtype: DType = "float",
): RuntimeTensor {
  return { dtype, dims, data: encodeNumbers(dtype, values) };
}

/** Seeded samples. */
export function samples(name: string, dims: readonly number[], values: Values = {}): RuntimeTensor {
  return tensor(dims, elementsOf(name, dims, values), values.dtype);
}

export function dataOf(tensors: Readonly<Record<string, RuntimeTensor>>): Dataset {
  return tensorDataset(tensors);
}

export function numbersOf({ dtype, dims, data }: RuntimeTensor): number[] {
  if (!(data instanceof Uint8Array)) throw new Error("strings");
  return Array.from(
    decodeNumbers(
      dtype,
      data,
      dims.reduce((size, dim) => size * dim, 1),
    ),
  );
}

export async function run(model: Model, feeds: TensorMap): Promise<ReadonlyMap<string, readonly number[]>> {
  const runtime = await defaultRuntime();
  const session = await runtime.open({ kind: "bytes", bytes: encodeToBytes(model) });
  try {
    const outputs = await session.run(feeds);
    return new Map([...outputs].map(([name, value]) => [name, numbersOf(value)]));
  } finally {
    await session.close();
  }
}

/** Largest distance, relative to the largest magnitude. */
export function distance(a: readonly number[] | undefined, b: readonly number[] | undefined): number {
  if (a === undefined || b === undefined || a.length !== b.length || a.length === 0) return Number.NaN;
  const scale = Math.max(...a.map(Math.abs), Number.MIN_VALUE);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN)))) / scale;
}

/** Elements of an array laid out [lead, channels, trail], one list for each channel, in float64. */
export function byChannel(values: readonly number[], channels: number, trail: number): number[][] {
  const lists: number[][] = Array.from({ length: channels }, () => []);
  values.forEach((value, i) => {
    lists[Math.floor(i / trail) % channels]?.push(value);
  });
  return lists;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Divided by the number of values. */
export function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
