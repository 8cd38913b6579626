/**
 * The names in use in a model's graph and all its subgraphs, so that a new name clashes with none of them, and the operators.
 */
export class Scope {
  /** True from IR version 4 on: see Value.isConstant. */
  initializersAreDefaults = true;
  readonly #claims = new Map<string, number>();
  #suffix: Map<string, number> | undefined;
  readonly #operators = new Map<string, number>();
  #operatorsSeen = 0;

  /** Counts nodes of an operator type that come, or go where `by` is negative. */
  countOperator(opType: string, by: 1 | -1): void {
    const count = (this.#operators.get(opType) ?? 0) + by;
    this.#operators.set(opType, count);
    if (count === 0 || (count === 1 && by === 1)) this.#operatorsSeen++;
  }

  /** True when a node of that operator type, of whatever domain, is in the graphs. */
  hasOperator(opType: string): boolean {
    return (this.#operators.get(opType) ?? 0) > 0;
  }

  /** Another number after the first node of an operator type has come, or the last has gone. */
  get operatorsState(): number {
    return this.#operatorsSeen;
  }

  /** Counts one more value of the name. */
  claim(name: string): void {
    this.#claims.set(name, (this.#claims.get(name) ?? 0) + 1);
  }

  /** Counts one value less; the name of the last is free again. */
  release(name: string): void {
    const left = (this.#claims.get(name) ?? 0) - 1;
    if (left > 0) this.#claims.set(name, left);
    else this.#claims.delete(name);
  }

  /** True when some value has the name. */
  isTaken(name: string): boolean {
    return this.#claims.has(name);
  }

  /** True when several values have the name, as bodies side by side may. */
  isShared(name: string): boolean {
    return (this.#claims.get(name) ?? 0) > 1;
  }

  /** `base` if it is free, else base_1, base_2, ... */
  fresh(base: string): string {
    if (!this.#claims.has(base)) return base;
    let count = this.#suffix?.get(base) ?? 1;
    while (this.#claims.has(`${base}_${count}`)) count++;
    this.#suffix ??= new Map();
    this.#suffix.set(base, count + 1);
    return `${base}_${count}`;
  }
}
