import { errors } from "./errors.js";
import type { OptionSpec } from "./spec.js";
import { flagOf, takes, wanted } from "./validate.js";

/**
 * The value of an option from its text on the command line; `before` is the value of the same flag further left, which
 * lists go on from. Throws NormfoldError "usage" for a text that is no value of the option.
 */
export function readText(spec: OptionSpec, text: string, before: unknown): unknown {
  const value = parsed(spec, text);
  if (value === undefined || !takes(spec, value))
    throw errors.wrongOptionValue(flagOf(spec), `"${text}"`, wanted(spec, true));
  if (spec.type === "names" && isNames(value) && isNames(before)) return [...before, ...value];
  if (spec.type === "shapes" && isObject(value) && isObject(before)) {
    const twice = Object.keys(value).find((name) => Object.hasOwn(before, name));
    if (twice !== undefined) throw errors.shapeIsGivenTwice(flagOf(spec), twice);
    return { ...before, ...value };
  }
  return value;
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** undefined: the text is not written as values of the type are. */
function parsed({ type }: OptionSpec, text: string): unknown {
  switch (type) {
    case "number":
      return readNumber(text);
    case "numbers":
      return text.split(",").map(readNumber);
    case "whole":
      return readWhole(text);
    case "limit":
      return text === "all" ? Number.POSITIVE_INFINITY : readWhole(text);
    case "bytes":
      return readBytes(text);
    case "names":
      return readNames(text);
    case "shapes":
      return readShape(text);
    default:
      return text;
  }
}

function readWhole(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A number, or a quotient of two: "0.1", "1e-3", "1/255". */
function readNumber(text: string): number | undefined {
  const [, over = "", under] = /^([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  return over.trim() === "" ? undefined : Number(over) / Number(under ?? 1);
}

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
function readBytes(text: string): number | undefined {
  const [, digits = "", unit = ""] = /^(\d+)\s*(k|[KMG]i|[MG])?B?$/.exec(text) ?? [];
  const bytes = digits === "" ? Number.NaN : Number(digits) * (UNITS[unit] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** An empty list would mean no passes or no inputs. It is more likely a shell variable that was not set. */
function readNames(text: string): readonly string[] | undefined {
  const names = text.split(",").map((name) => name.trim());
  const given = names.filter((name) => name !== "");
  return given.length === 0 ? undefined : given;
}

/** "x:1,3,224,224" or, for a scalar, "x:"; the name may itself hold colons. */
function readShape(text: string): object | undefined {
  const [, name = "", sizes = ""] = /^(.+):([\d,x]*)$/.exec(text) ?? [];
  const dims =
    sizes === "" ? [] : sizes.split(/[,x]/).map((size) => (size === "" ? Number.NaN : Number(size)));
  const isRight = name !== "" && dims.every((dim) => Number.isSafeInteger(dim) && dim > 0);
  return isRight ? { [name]: dims } : undefined;
}
