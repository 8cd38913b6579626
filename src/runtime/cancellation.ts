import { createFacts } from "../analysis/fact-table.js";
import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { OutputReport } from "./check-report.js";
import type { Comparison } from "./compare.js";
import type { Original } from "./original.js";
import { isChaotic, NOISE_FACTOR, type Noise } from "./tolerance.js";

/** How far back the operands of a difference are looked for: a scale and a shift may stand between. */
const LEVELS = 3;

/** The values that a value is computed from, level by level: the operands, their operands, ... */
export function ancestryOf(model: Model, name: string): readonly (readonly string[])[] {
  const facts = createFacts(model);
  let level = [...model.graph.nodes()].flatMap((node) =>
    node.outputs.filter((output) => output?.name === name),
  );
  const levels: string[][] = [];
  const isComputed = (value: Value): boolean => {
    const dtype = facts.dtype(value);
    return (
      value.producer !== undefined && !value.producer.is("Constant") && dtype !== undefined && isFloat(dtype)
    );
  };
  for (let count = 0; count < LEVELS && level.length > 0; count++) {
    level = [...new Set(level.flatMap((value) => value?.producer?.inputs ?? []))];
    level = level.filter((value) => value !== null && value.graph === model.graph && isComputed(value));
    if (level.length > 0) levels.push(level.flatMap((value) => value?.name ?? []));
  }
  return levels;
}

/**
 * Whether a value differs by no more than rounding, although rounding moves it beyond what any output may: the difference of two
 * values that are nearly equal has no digit that is known. It is so where the values that it is computed from are calm themselves,
 * a few operators back; in a network that is chaotic they are not, and there a difference says nothing.
 */
export async function isCancellation(
  { name, comparison }: OutputReport,
  ancestry: readonly (readonly string[])[],
  index: number,
  reference: Original,
): Promise<boolean> {
  if (comparison.mismatch !== undefined || comparison.nonFinite > 0) return false;
  const isCalm = async (operand: string): Promise<boolean> => {
    for await (const noise of reference.noise(index, operand))
      if (isChaotic(noise, reference.precision)) return false;
    return true;
  };
  for (const level of ancestry) {
    const calm = await Promise.all(level.map(isCalm));
    if (calm.every(Boolean)) return isNoise(reference.noise(index, name), comparison);
  }
  return false;
}

async function isNoise(noise: AsyncIterable<Noise>, { maxAbsolute, scale }: Comparison): Promise<boolean> {
  for await (const { movement, unstable } of noise)
    if (!unstable && maxAbsolute <= NOISE_FACTOR * movement * scale) return true;
  return false;
}
