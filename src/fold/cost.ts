import { bitsOf } from "../ir/dtype.js";
import type { Node, Value } from "../ir/graph.js";
import type { Tensor } from "../ir/tensor.js";
import { hasTrait } from "../ops/catalogue.js";
import { constantTensor } from "../rules/constants.js";
import type { SymDim } from "../rules/dims.js";
import type { Facts } from "../rules/facts.js";
import type { Landing } from "./landing.js";

/**
 * The cost of one run of a model: the operators that are started, and the bytes that they read and write, constants included.
 * Symbolic sizes count as one, because the batch is on both sides of a comparison.
 *
 * Not modelled: arithmetic, caches, and fusions of the runtime. Fewer operators always cost less; bytes decide between equal
 * numbers. Every accepted plan lowers the cost, so that the passes that ask for it terminate.
 */
export interface Cost {
  readonly operators: number;
  readonly bytes: number;
}

/** What nothing costs. */
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

/** Whether a change lowers the cost. */
export function isGain(change: Cost): boolean {
  return compareCosts(change, FREE) < 0;
}

/** A node as it is: each input read once, each output written once. */
export function costOfNode(node: Node, facts: Facts): Cost {
  // A view moves no data.
  if ((hasTrait(node, "view") || node.is("Identity")) && !facts.isCall(node))
    return { operators: 1, bytes: 0 };
  const written = node.outputs.map((value) => bytesOf(value, facts));
  // Gather reads only the rows that it picks from a table.
  const read = node.is("Gather") ? written : node.inputs.map((value) => bytesOf(value, facts));
  return { operators: 1, bytes: sum(read) + sum(written) };
}

/** An Add or Mul of `value` with a constant of `bytes` bytes. */
export function costOfArithmetic(value: Value | undefined, bytes: number, facts: Facts): Cost {
  return { operators: 1, bytes: 2 * bytesOf(value, facts) + bytes };
}

/** The cost that the landings of a plan add: larger constants, copied nodes, an Add for each remaining shift. */
export function costOfLandings(landings: readonly Landing[], facts: Facts): Cost {
  return landings.reduce((total, landing) => plus(total, costOfLanding(landing, facts)), FREE);
}

function costOfLanding({ node, absorption, copyFor }: Landing, facts: Facts): Cost {
  const { constants, remainder } = absorption;
  const grown = [...constants].map(
    ([index, tensor]) => tensor.byteLength - (constantTensor(node.input(index))?.byteLength ?? 0),
  );
  // Gather reads as many bytes from the new table as from the old one.
  let cost: Cost = { operators: 0, bytes: node.is("Gather") ? 0 : sum(grown) };
  if (copyFor !== undefined) cost = plus(cost, costOfNode(node, facts));
  if (remainder === undefined) return cost;
  return plus(cost, costOfArithmetic(node.output(0), remainder.byteLength, facts));
}

/**
 * The bytes by which a plan that removes `node` makes the constants of the model grow: those that it makes, less those that
 * nothing reads any more.
 */
export function growthOf(landings: readonly Landing[], node: Node): number {
  const made = landings.flatMap(({ node: taker, absorption, copyFor }) =>
    [...absorption.constants].map(([index, tensor]) => {
      const old = taker.input(index);
      return tensor.byteLength - (copyFor === undefined ? freedBytes(old) : 0);
    }),
  );
  return sum(made) - sum(node.inputs.map((value) => freedBytes(value ?? undefined)));
}

/** The bytes of a constant that only one input reads. */
function freedBytes(value: Value | undefined): number {
  return value === undefined || value.uses.size > 1 ? 0 : (constantTensor(value)?.byteLength ?? 0);
}

/** The bytes of a value, with symbolic sizes as one; 0 where type or shape is not known. */
export function bytesOf(value: Value | null | undefined, facts: Facts): number {
  if (value === null || value === undefined) return 0;
  const constant: Tensor | undefined = constantTensor(value);
  if (constant !== undefined) return constant.byteLength;
  const [dtype, shape] = [facts.dtype(value), facts.shape(value)];
  if (dtype === undefined || dtype === "string" || shape === undefined) return 0;
  return shape.reduce<number>((bytes, dim) => bytes * sizeOf(dim), bitsOf(dtype) / 8);
}

/** A size with every symbol in it as one: 6*N is 6. */
function sizeOf(dim: SymDim): number {
  if (typeof dim === "number") return dim;
  const size = dim.terms.reduce((total, { coefficient }) => total + coefficient, dim.constant);
  return Math.max(size, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
