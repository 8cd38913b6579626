/** weightIsNotFloat -> weight-is-not-float */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A record with the same keys and other values; TypeScript does not follow Object.fromEntries. */
export function mapValues<T extends object, R extends Readonly<Record<keyof T, unknown>>>(
  record: T,
  change: (value: T[keyof T], name: string) => R[keyof T],
): R {
  const entries = Object.entries(record).map(([name, value]) => [name, change(value, name)]);
  return Object.fromEntries(entries) as R;
}

/**
 * A record with the same keys, whose values are made at their first use: starting the program makes none of its several
 * hundred errors and refusals.
 */
export function lazyValues<T extends object, R extends Readonly<Record<keyof T, unknown>>>(
  record: T,
  make: (value: T[keyof T], name: string) => R[keyof T],
): R {
  const made = new Map<string | symbol, unknown>();
  const valueAt = (name: string | symbol): unknown => {
    if (typeof name === "symbol" || !Object.hasOwn(record, name)) return undefined;
    if (!made.has(name)) made.set(name, make(record[name as keyof T], name));
    return made.get(name);
  };
  return new Proxy({} as R, {
    get: (_, name) => valueAt(name),
    has: (_, name) => Object.hasOwn(record, name),
    ownKeys: () => Reflect.ownKeys(record),
    getOwnPropertyDescriptor: (_, name) =>
      Object.hasOwn(record, name)
        ? { configurable: true, enumerable: true, writable: false, value: valueAt(name) }
        : undefined,
  });
}
