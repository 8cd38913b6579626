/**
 * A small set in the order of addition. Most values have one use, and most others a few; a Set takes three times the room of a
 * value and is slow to make, so that it is made for the third element.
 */
export class SmallSet<T> implements ReadonlySet<T> {
  #first: T | undefined;
  #second: T | undefined;
  #rest: Set<T> | undefined;

  get size(): number {
    const [first, second] = [this.#first === undefined ? 0 : 1, this.#second === undefined ? 0 : 1];
    return first + second + (this.#rest?.size ?? 0);
  }

  has(item: T): boolean {
    return (
      item !== undefined && (item === this.#first || item === this.#second || this.#rest?.has(item) === true)
    );
  }

  add(item: T): void {
    if (this.has(item)) return;
    if (this.#rest !== undefined && this.#rest.size > 0) this.#rest.add(item);
    else if (this.#second !== undefined) {
      this.#rest ??= new Set();
      this.#rest.add(item);
    } else if (this.#first !== undefined) this.#second = item;
    else this.#first = item;
  }

  /** False where the item was not there. */
  delete(item: T): boolean {
    if (!this.has(item)) return false;
    if (this.#rest?.delete(item)) return true;
    // The order stays: those behind the item move up.
    if (item === this.#first) this.#first = this.#second;
    this.#second = undefined;
    if (this.#rest === undefined) return true;
    for (const next of this.#rest) {
      this.#second = next;
      this.#rest.delete(next);
      break;
    }
    return true;
  }

  *[Symbol.iterator](): SetIterator<T> {
    if (this.#first !== undefined) yield this.#first;
    if (this.#second !== undefined) yield this.#second;
    if (this.#rest !== undefined) yield* this.#rest;
  }

  values(): SetIterator<T> {
    return this[Symbol.iterator]();
  }

  keys(): SetIterator<T> {
    return this[Symbol.iterator]();
  }

  *entries(): SetIterator<[T, T]> {
    for (const item of this) yield [item, item];
  }

  forEach(visit: (item: T, same: T, set: ReadonlySet<T>) => void): void {
    for (const item of this) visit(item, item, this);
  }
}
