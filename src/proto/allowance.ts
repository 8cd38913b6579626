import { errors } from "./errors.js";

/**
 * What one part of a model takes in memory while it is rewritten, in bytes: its record, the object, its copy and what is known
 * of it. Measured on models of a million parts, rounded up.
 */
export const COST = {
  node: 1500,
  /** A name that a node reads or writes. */
  operand: 700,
  attribute: 400,
  /** A number or a text in a list. */
  entry: 32,
  /** A value_info, or an input or output of the graph. */
  declaration: 900,
  dimension: 40,
  tensor: 900,
  function: 5000,
  /** A metadata entry. */
  pair: 200,
} as const;

/**
 * What is left of the memory that the graph of a model may take. Each part is counted while it is read, before it is built, so
 * that a file of many small parts is refused before it fills the memory.
 */
export class Allowance {
  readonly #limit: number;
  #taken = 0;

  /** `limit` is in bytes. */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Counts parts that take so many bytes together. Throws "unsupported" where the limit is passed. */
  take(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken > this.#limit) throw errors.modelTakesTooMuchMemory(this.#limit);
  }
}
