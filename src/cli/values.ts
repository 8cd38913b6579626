import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** "4096", "64kB", "1MiB". */
export function parseBytes(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)\s*(k|[KMG]i|[MG])?B?$/.exec(text) ?? [];
  const factor = UNITS[unit];
  const bytes = Number(digits) * (factor ?? Number.NaN);
  if (digits === "" || !Number.isSafeInteger(bytes)) {
    throw new InvalidArgumentError("Give a number of bytes, like 4096, 64kB or 1MiB.");
  }
  return bytes;
}

/** A whole number of at least 0 and below 2^32. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed >= 2 ** 32) {
    throw new InvalidArgumentError("Give a whole number from 0 to 4294967295.");
  }
  return seed;
}

/** A version of the standard operator set; whether a model can be raised to it shows later. */
export function parseOpset(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError("Give a version of the operator set, like 18.");
  return Number(text);
}

/** "a,b" after ["x"]: options that take lists may be repeated or take commas. */
export function collectNames(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const given = names.filter((name) => name !== "");
  // An empty list would be obeyed: no passes, no inputs. It is a variable that was not set.
  if (given.length === 0) throw new InvalidArgumentError("Give a name, or several with commas between.");
  return [...before, ...given];
}

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** "x:1,3,224,224" or, for a scalar, "x:"; the name may itself hold colons. */
export function collectShapes(text: string, before: Shapes = {}): Shapes {
  const [, name = "", sizes = ""] = /^(.+):([\d,x]*)$/.exec(text) ?? [];
  const dims =
    sizes === "" ? [] : sizes.split(/[,x]/).map((size) => (size === "" ? Number.NaN : Number(size)));
  if (name === "" || !dims.every((dim) => Number.isSafeInteger(dim) && dim > 0)) {
    throw new InvalidArgumentError("Give the input's name and sizes, like x:1,3,224,224.");
  }
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`Input "${name}" has a shape already.`);
  return { ...before, [name]: dims };
}

/** A whole number, or "all". */
export function parseLimit(text: string): number {
  if (text === "all") return Number.POSITIVE_INFINITY;
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number, or "all".');
  return Number(text);
}

/** A number, or a quotient of two: "0.1", "1e-3", "1/255". */
export function parseNumber(text: string): number {
  const [, over = "", under] = /^([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  const value = over.trim() === "" ? Number.NaN : Number(over) / Number(under ?? 1);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("Give a number, like 0.1, 1e-3 or 1/255.");
  return value;
}

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < 1) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}

/** Numbers with commas between them. */
export function parseNumbers(text: string): readonly number[] {
  return text.split(",").map(parseNumber);
}

/** One of the words. */
export function choice<const T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new InvalidArgumentError(`Give one of ${words.join(", ")}.`);
    return found;
  };
}
