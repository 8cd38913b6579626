import { bitsOf } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { SymDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { Landing } from "./landing.js";

/**
 * What one run of a model pays: operators started, and bytes moved between memory and them, constants among them. Sizes that
 * are not numbers count as one: a plan moves the batch on both sides of the comparison.
 *
 * Not modelled: arithmetic, caches, and what a runtime fuses. Operators come first, bytes decide between equals; so every
 * accepted plan lowers the pair, and passes that ask here come to an end.
 */
export interface Cost {
  readonly operators: number;
  readonly bytes: number;
}

export const FREE: Cost = { operators: 0, bytes: 0 };

export function plus(a: Cost, b: Cost): Cost {
  return { operators: a.operators + b.operators, bytes: a.bytes + b.bytes };
}

export function minus(a: Cost, b: Cost): Cost {
  return { operators: a.operators - b.operators, bytes: a.bytes - b.bytes };
}

/** Negative where `a` costs less: fewer operators, or as many and fewer bytes. */
export function compareCosts(a: Cost, b: Cost): number {
  return a.operators - b.operators || a.bytes - b.bytes;
}

/** Whether a change of cost is one for the better. */
export function isGain(change: Cost): boolean {
  return compareCosts(change, FREE) < 0;
}

/** A node as it is: each input read once, each output written once. */
export function costOfNode(node: Node, facts: Facts): Cost {
  // A view hands its data on where it lies.
  if (hasTrait(node, "view") || node.is("Identity")) return { operators: 1, bytes: 0 };
  const written = node.outputs.map((value) => bytesOf(value, facts));
  // Of a table, Gather reads what it picks.
  const read = node.is("Gather") ? written : node.inputs.map((value) => bytesOf(value, facts));
  return { operators: 1, bytes: sum(read) + sum(written) };
}

/** An Add or Mul of `value` with a constant of `bytes` bytes. */
export function costOfArithmetic(value: Value | undefined, bytes: number, facts: Facts): Cost {
  return { operators: 1, bytes: 2 * bytesOf(value, facts) + bytes };
}

/** What the landings of a plan add: constants that grow, nodes that are copied, an Add for each shift that is left over. */
export function costOfLandings(landings: readonly Landing[], facts: Facts): Cost {
  return landings.reduce((total, landing) => plus(total, costOfLanding(landing, facts)), FREE);
}

function costOfLanding({ node, absorption, copyFor }: Landing, facts: Facts): Cost {
  const { constants, remainder } = absorption;
  const grown = [...constants].map(
    ([index, tensor]) => tensor.byteLength - (constantTensor(node.input(index))?.byteLength ?? 0),
  );
  // Gather reads as much of a table as before, whichever it is.
  let cost: Cost = { operators: 0, bytes: node.is("Gather") ? 0 : sum(grown) };
  if (copyFor !== undefined) cost = plus(cost, costOfNode(node, facts));
  if (remainder === undefined) return cost;
  return plus(cost, costOfArithmetic(node.output(0), remainder.byteLength, facts));
}

/** Bytes of a value, or of what is known of it. */
export function bytesOf(value: Value | null | undefined, facts: Facts): number {
  if (value === null || value === undefined) return 0;
  const constant: Tensor | undefined = constantTensor(value);
  if (constant !== undefined) return constant.byteLength;
  const [dtype, shape] = [facts.dtype(value), facts.shape(value)];
  if (dtype === undefined || dtype === "string" || shape === undefined) return 0;
  return shape.reduce<number>((bytes, dim) => bytes * sizeOf(dim), bitsOf(dtype) / 8);
}

/** An expression with every symbol in it as one: 6*N is 6. */
function sizeOf(dim: SymDim): number {
  if (typeof dim === "number") return dim;
  const size = dim.terms.reduce((total, { coefficient }) => total + coefficient, dim.constant);
  return Math.max(size, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
