import type { Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import type { GradientBuild } from "../rules/gradient/support.js";

/** Copying a longer vector takes about as long as starting the operators that packing saves. */
const LONGEST = 4096;

/**
 * Groups items that are updated alike: short vectors of one type and `key` form a group, anything else is alone. A
 * network has dozens of scales, biases and statistics, and starting an operator takes longer than running it over all
 * of them.
 */
export function vectorPacks<T>(
  items: readonly T[],
  tensorOf: (item: T) => Tensor,
  key: (item: T) => string,
): readonly (readonly T[])[] {
  const groups: T[][] = [];
  const vectors = new Map<string, T[]>();
  for (const item of items) {
    const { dims, size, dtype } = tensorOf(item);
    const isPacked = dims.length === 1 && size <= LONGEST;
    const alike = `${dtype} ${key(item)}`;
    const known = isPacked ? vectors.get(alike) : undefined;
    if (known !== undefined) {
      known.push(item);
      continue;
    }
    const group = [item];
    groups.push(group);
    if (isPacked) vectors.set(alike, group);
  }
  return groups;
}

/** Concatenates the vectors of a group; a value that is alone stays as it is. */
export function joinPack({ build }: GradientBuild, values: readonly Value[]): Value {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only;
  return build.op("Concat", values, { axis: 0n });
}

/** Splits the vector of a group into a value for each of its tensors again. */
export function splitPack(
  { build }: GradientBuild,
  value: Value,
  tensors: readonly Tensor[],
): readonly Value[] {
  if (tensors.length === 1) return [value];
  const sizes = build.ints(tensors.map(({ size }) => size));
  return build.ops("Split", [value, sizes], tensors.length, { axis: 0n });
}
