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
