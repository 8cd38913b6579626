import { equalBytes } from "../base/bytes.js";

/** A difference as `path: this, that`; undefined when there is none. */
export type Difference = string | undefined;

type Plain = string | number | bigint | boolean | undefined;

/** Compares plain values. */
export function differ(path: string, a: Plain, b: Plain): Difference {
  return Object.is(a, b) ? undefined : `${path}: ${a}, ${b}`;
}

/** Compares bytes; none are the same as no bytes. */
export function differBytes(path: string, a: Uint8Array | undefined, b: Uint8Array | undefined): Difference {
  if (a === b) return undefined;
  const [left, right] = [a ?? new Uint8Array(), b ?? new Uint8Array()];
  return equalBytes(left, right) ? undefined : `${path}: ${left.length} bytes, ${right.length} others`;
}

/** Compares lists item by item. */
export function differLists<T>(
  path: string,
  a: readonly T[],
  b: readonly T[],
  each: (path: string, a: T, b: T) => Difference,
): Difference {
  if (a.length !== b.length) return `${path}: ${a.length}, ${b.length} of them`;
  for (const [index, item] of a.entries()) {
    const other = b[index];
    const difference = other === undefined ? undefined : each(`${path}[${index}]`, item, other);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Compares maps by key; their order does not matter. */
export function differNamed<T>(
  path: string,
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  each: (path: string, a: T, b: T) => Difference,
): Difference {
  for (const name of b.keys()) if (!a.has(name)) return `${path}: "${name}" is only in the second`;
  for (const [name, item] of a) {
    const other = b.get(name);
    if (other === undefined) return `${path}: "${name}" is only in the first`;
    const difference = each(`${path} "${name}"`, item, other);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Compares optional values: both present, or both absent. */
export function differOptional<T>(
  path: string,
  a: T | undefined,
  b: T | undefined,
  each: (path: string, a: T, b: T) => Difference,
): Difference {
  if (a !== undefined && b !== undefined) return each(path, a, b);
  return a === b ? undefined : `${path}: only in the ${a === undefined ? "second" : "first"}`;
}
