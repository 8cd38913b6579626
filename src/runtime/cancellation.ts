import { createFacts } from "../analysis/fact-table.js";
import { isFloat } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Model } from "../ir/model.js";
import type { Facts } from "../rules/facts.js";
import type { OutputReport } from "./check-report.js";
import type { Comparison } from "./compare.js";
import type { Original } from "./original.js";
import { isChaotic, NOISE_FACTOR, type Noise } from "./tolerance.js";

/** How far back the operands of a difference are looked for: a scale and a shift may stand between. */
const LEVELS = 3;

/** The values that a value of the model's graph is computed from, level by level: the operands, their operands, ... */
export type Ancestry = (name: string) => readonly (readonly string[])[];

/** The ancestry of values of a model, which is asked for many. */
export function ancestryIn(model: Model): Ancestry {
  const facts = createFacts(model);
  const values = new Map<string, Value>();
  for (const node of model.graph.nodes())
    for (const output of node.outputs) if (output !== null) values.set(output.name, output);
  return (name) => levelsOf(values.get(name), model, facts);
}

function levelsOf(value: Value | undefined, model: Model, facts: Facts): readonly (readonly string[])[] {
  let level: readonly (Value | null)[] = value === undefined ? [] : [value];
  const levels: string[][] = [];
  const isComputed = (operand: Value): boolean => {
    const dtype = facts.dtype(operand);
    const { producer } = operand;
    return producer !== undefined && !producer.is("Constant") && dtype !== undefined && isFloat(dtype);
  };
  for (let count = 0; count < LEVELS && level.length > 0; count++) {
    level = [...new Set(level.flatMap((each) => each?.producer?.inputs ?? []))];
    level = level.filter((each) => each !== null && each.graph === model.graph && isComputed(each));
    if (level.length > 0) levels.push(level.flatMap((each) => each?.name ?? []));
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
  ancestry: ReturnType<Ancestry>,
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
