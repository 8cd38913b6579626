import { assertNever } from "../base/assert.js";
import { errors } from "./errors.js";
import type { Condition, OptionSpec, OptionsOf, OptionTable, SettingsOf } from "./spec.js";

/** How an option is called in a sentence: by its name in the library, by its flag on the command line. */
export type Naming = (name: string, spec: OptionSpec, value?: boolean | string) => string;

/** The library's naming: `momentum`, or with a value `method sequential`. */
const BY_NAME: Naming = (name, _, value) => (value === undefined ? name : `${name} ${value}`);

/** The command line's naming: `--momentum`, or with a value `--method sequential`. */
export const BY_FLAG: Naming = (_, spec, value) => {
  const flag = flagOf(spec);
  return value === undefined || typeof value === "boolean" ? flag : `${flag} ${value}`;
};

/** The long flag of an option: `--output` of "-o, --output <file>". */
export function flagOf({ flag }: OptionSpec): string {
  return /--[a-z-]+/.exec(flag)?.[0] ?? flag;
}

/**
 * Throws NormfoldError "usage" for the first of the given options that is outside of its limits. Options that the table
 * does not have are not looked at.
 */
export function assertValues(table: OptionTable, options: object, naming: Naming = BY_NAME): void {
  for (const [name, value] of givenOf(options)) {
    const spec = Object.hasOwn(table, name) ? table[name] : undefined;
    if (spec === undefined || takes(spec, value)) continue;
    throw errors.wrongOptionValue(naming(name, spec), shown(value), wanted(spec));
  }
}

/** Throws NormfoldError "usage" for the first of the given options that has no effect beside the others. */
export function assertEffects(table: OptionTable, options: object, naming: Naming = BY_NAME): void {
  const given = givenOf(options);
  for (const [name, spec] of Object.entries(table)) {
    if (given.has(name)) assertEffect(table, name, spec, given, naming);
  }
}

function givenOf(options: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(options).filter(([, value]) => value !== undefined));
}

function assertEffect(
  table: OptionTable,
  name: string,
  spec: OptionSpec,
  given: ReadonlyMap<string, unknown>,
  naming: Naming,
): void {
  // A switch that is off has no effect, so it needs no other option.
  if (spec.type === "switch" && given.get(name) === false) return;
  const nameOf = ({ option, is }: Condition, value?: boolean | string): string => {
    const other = table[option];
    return other === undefined ? option : naming(option, other, value ?? is?.[0]);
  };
  const { needs, idleWith = [] } = spec;
  if (needs?.every((condition) => heldBy(condition, table, given) === undefined)) {
    const others = needs.map((condition) => nameOf(condition)).join(" or ");
    throw errors.optionNeedsAnother(naming(name, spec), others);
  }
  for (const condition of idleWith) {
    const held = heldBy(condition, table, given);
    if (held !== undefined) throw errors.optionHasNoEffect(naming(name, spec), nameOf(condition, held.value));
  }
}

/** The value by which a condition holds; undefined where it does not. */
function heldBy(
  { option, is }: Condition,
  table: OptionTable,
  given: ReadonlyMap<string, unknown>,
): { readonly value: boolean | string | undefined } | undefined {
  if (is === undefined) return given.has(option) ? { value: undefined } : undefined;
  const actual = given.get(option) ?? table[option]?.default;
  const value = is.find((each) => each === actual);
  return value === undefined ? undefined : { value };
}

/** Whether a value is within the limits of its option. */
export function takes(spec: OptionSpec, value: unknown): boolean {
  const { type } = spec;
  const mayBeTrue = / \[.*\]$/.test(spec.flag) && value === true;
  switch (type) {
    case "switch":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "choice":
      return (spec.choices ?? []).some((choice) => choice === value);
    case "names":
      return isList(value) && value.every((each) => typeof each === "string");
    case "number":
      return typeof value === "number" && Number.isFinite(value) && isWithin(spec, value);
    case "numbers":
      return isList(value) && value.every((each) => typeof each === "number" && Number.isFinite(each));
    case "whole":
      return mayBeTrue || (Number.isSafeInteger(value) && isWithin(spec, Number(value)));
    case "limit":
      return (
        value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && isWithin(spec, Number(value)))
      );
    case "bytes":
      return mayBeTrue || (typeof value === "number" && isWithin(spec, value));
    case "shapes":
      return typeof value === "object" && value !== null && Object.values(value).every(isSizes);
    default:
      return assertNever(type, "type of option");
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isSizes(value: unknown): boolean {
  return isList(value) && value.every((size) => Number.isSafeInteger(size));
}

function isWithin({ from, to, above, below }: OptionSpec, value: number): boolean {
  return (
    (from === undefined || value >= from) &&
    (to === undefined || value <= to) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

/** The values that an option takes, as the object of "give"; with `inText` also how they are written on the command line. */
export function wanted(spec: OptionSpec, inText = false): string {
  const { type } = spec;
  const example = (text: string): string => (inText ? text : "");
  switch (type) {
    case "switch":
      return "true or false";
    case "text":
      return "a text";
    case "choice":
      return `one of ${(spec.choices ?? []).join(", ")}`;
    case "names":
      return inText ? "a name, or several with commas between" : "a list of names";
    case "number":
      return `a number${limits(spec)}${example(", like 0.1, 1e-3 or 1/255")}`;
    case "numbers":
      return inText ? "numbers with commas between, like 0.5,1e-3,1/255" : "a list of numbers";
    case "whole":
      return `a whole number${limits(spec)}`;
    case "limit":
      return `a whole number${limits(spec)}, or ${inText ? '"all"' : "Infinity"}`;
    case "bytes":
      return `a number of bytes${limits(spec)}${example(", like 4096, 64kB or 1MiB")}`;
    case "shapes":
      return inText ? "the input's name and sizes, like x:1,3,224,224" : "sizes by name of an input";
    default:
      return assertNever(type, "type of option");
  }
}

function limits({ from, to, above, below }: OptionSpec): string {
  const low = from === undefined ? (above === undefined ? undefined : `above ${above}`) : `from ${from}`;
  const high = to === undefined ? (below === undefined ? undefined : `below ${below}`) : `${to}`;
  if (low === undefined) return high === undefined ? "" : ` ${to === undefined ? high : `up to ${high}`}`;
  if (high === undefined) return from === undefined ? ` ${low}` : ` ${low} on`;
  return from === undefined
    ? ` ${low} and ${to === undefined ? high : `up to ${high}`}`
    : ` ${low} to ${high}`;
}

/** The choices of an option as one text, in a list of none or one: none where its help names them all. */
export function unnamedChoices({ choices = [], help }: OptionSpec): readonly string[] {
  return choices.every((choice) => help.includes(choice)) ? [] : [choices.join(", ")];
}

/** A value as a sentence about it shows it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value !== "object") return typeof value;
  return JSON.stringify(value) ?? "an object";
}

/** The options of a table among the given values. Throws NormfoldError "usage" as `assertValues` does. */
export function pick<Table extends OptionTable>(table: Table, values: object): OptionsOf<Table> {
  assertValues(table, values);
  const rows = Object.entries(values).filter(
    ([name, value]) => Object.hasOwn(table, name) && value !== undefined,
  );
  return Object.fromEntries(rows) as OptionsOf<Table>;
}

/** The same, with the table's defaults for the options that are not given. */
export function settle<Table extends OptionTable>(table: Table, values: object): SettingsOf<Table> {
  const defaults = Object.entries(table).flatMap(([name, spec]) =>
    spec.default === undefined ? [] : [[name, spec.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...pick(table, values) } as SettingsOf<Table>;
}
