import { defined } from "../../base/optional.js";
import type { Builder } from "../../ir/builder.js";
import type { DType } from "../../ir/dtype.js";
import type { Value } from "../../ir/graph.js";
import { type SymDim, sameDim } from "../dims.js";
import { type GradientBuild, scalarLike } from "./support.js";

/** The sizes of the axes from `start` up to `end`, without it, as an int64 vector: a constant where they are known. */
export function sizesOf({ facts, build }: GradientBuild, value: Value, start: number, end?: number): Value {
  const dims = facts.shape(value)?.slice(start, end);
  const known = dims?.filter((dim) => typeof dim === "number");
  if (dims !== undefined && known?.length === dims.length) return build.ints(known);
  const until = end === undefined ? undefined : BigInt(end);
  return build.op("Shape", [value], { start: BigInt(start), ...defined({ end: until }) });
}

/** The sizes of the axes from `start` up to `end`, without it, one by one for joinSizes. */
export function sizeParts(c: GradientBuild, value: Value, start: number, end: number): (number | Value)[] {
  const dims = c.facts.shape(value);
  return range(end - start).map((offset) => {
    const axis = start + offset;
    const dim = dims?.[axis];
    return typeof dim === "number" ? dim : sizesOf(c, value, axis, axis + 1);
  });
}

/** Joins numbers and int64 vectors into one vector; neighbouring numbers become one constant. */
export function joinSizes({ build }: GradientBuild, parts: readonly (number | Value)[]): Value {
  const vectors: Value[] = [];
  let numbers: number[] = [];
  const flush = (): void => {
    if (numbers.length > 0) vectors.push(build.ints(numbers));
    numbers = [];
  };
  for (const part of parts) {
    if (typeof part === "number") numbers.push(part);
    else {
      flush();
      vectors.push(part);
    }
  }
  flush();
  const [first] = vectors;
  return vectors.length === 1 && first !== undefined ? first : build.op("Concat", vectors, { axis: 0n });
}

interface Count {
  readonly dims: readonly SymDim[];
  readonly dtype: DType | undefined;
  readonly value: Value;
}

/** Counts by builder, because the batch has the same size in every layer. */
const counts = new WeakMap<Builder, Count[]>();

/** The number of elements along some axes in the type of `value`: a constant where it is known. */
export function elementCount(c: GradientBuild, value: Value, axes: readonly number[]): Value {
  const { facts, build } = c;
  const shape = facts.shape(value);
  const dims = axes.flatMap((axis) => shape?.[axis] ?? []);
  const known = dims.filter((dim) => typeof dim === "number");
  if (known.length === axes.length) {
    return scalarLike(
      c,
      known.reduce((product, dim) => product * dim, 1),
      value,
    );
  }
  const made = counts.get(build) ?? [];
  counts.set(build, made);
  const dtype = facts.dtype(value);
  const same = made.find((count) => {
    if (dims.length !== axes.length || dims.length !== count.dims.length) return false;
    return dtype === count.dtype && dims.every((dim, index) => sameDim(dim, count.dims[index]));
  });
  if (same !== undefined) return same.value;
  const sizes = build.op("Gather", [build.op("Shape", [value]), build.ints(axes)]);
  const product = build.op("CastLike", [build.op("ReduceProd", [sizes], { keepdims: 0n }), value]);
  made.push({ dims, dtype, value: product });
  return product;
}

/** 0, 1, ..., count - 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** All axes except one. */
export function axesBut(rank: number, axis: number): number[] {
  return range(rank).filter((other) => other !== axis);
}
