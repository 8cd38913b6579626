import { nearest } from "../base/nearest.js";
import { CONFIGURE } from "../options/configure.js";
import { CACHE, MANY } from "../options/many.js";
import { OPTIMIZE_FILE } from "../options/optimize.js";
import type { OptionSpec, OptionTable } from "../options/spec.js";
import { shown, takes, wanted } from "../options/validate.js";
import type { ConfigOverride, NormfoldConfig } from "./config.js";
import { errors } from "./errors.js";

type Check = (value: unknown, key: string) => void;

/** Options of one model, by their rows. */
const { inPlace: _, ...MODEL_OPTIONS } = OPTIMIZE_FILE;

const PRESET = row(CONFIGURE.preset);

const OVERRIDE_KEYS: Readonly<Record<keyof ConfigOverride, Check>> = {
  files: texts,
  preset: PRESET,
  options: table(MODEL_OPTIONS),
};

const KEYS: Readonly<Record<keyof NormfoldConfig, Check>> = {
  inputs: texts,
  outDir: row(MANY.outDir),
  name: row(MANY.name),
  jobs: row(MANY.jobs),
  cache: row(CACHE.cache),
  cacheLimit: row(CACHE.cacheLimit),
  preset: PRESET,
  options: table(MODEL_OPTIONS),
  plugins: list(plugin),
  overrides: list((value, key) => {
    record(OVERRIDE_KEYS)(value, key);
    if (isRecord(value) && value["files"] === undefined) throw errors.keyIsMissing(`${key}.files`, PATTERNS);
  }),
};

/** Makes sure that a value is a configuration. Throws NormfoldError "usage" with the key of the first fault. */
export function assertConfig(value: unknown): asserts value is NormfoldConfig {
  if (!isRecord(value)) throw errors.configIsNoObject();
  record(KEYS)(value, "");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with no other keys than these. A key that is undefined is not given. */
function record(keys: Readonly<Record<string, Check>>): Check {
  return (value, key) => {
    if (!isRecord(value)) throw errors.wrongValue(key, shown(value), "an object");
    for (const [name, inner] of Object.entries(value)) {
      const path = key === "" ? name : `${key}.${name}`;
      const check = Object.hasOwn(keys, name) ? keys[name] : undefined;
      const names = Object.keys(keys);
      if (check === undefined) throw errors.unknownKey(path, nearest(name, names), names.join(", "));
      if (inner !== undefined) check(inner, path);
    }
  };
}

function table(rows: OptionTable): Check {
  return record(Object.fromEntries(Object.entries(rows).map(([name, spec]) => [name, row(spec)])));
}

function row(spec: OptionSpec): Check {
  return (value, key) => {
    if (!takes(spec, value)) throw errors.wrongValue(key, shown(value), wanted(spec));
  };
}

function list(check: Check): Check {
  return (value, key) => {
    if (!Array.isArray(value)) throw errors.wrongValue(key, shown(value), "a list");
    for (const [index, element] of value.entries()) check(element, `${key}[${index}]`);
  };
}

const PATTERNS = "a path or pattern, or a list of them";

function texts(value: unknown, key: string): void {
  const isText = (each: unknown): boolean => typeof each === "string" && each !== "";
  const isRight = Array.isArray(value) ? value.length > 0 && value.every(isText) : isText(value);
  if (!isRight) throw errors.wrongValue(key, shown(value), PATTERNS);
}

/** What a plugin holds is looked at when it is loaded. */
function plugin(value: unknown, key: string): void {
  const isEntry = (typeof value === "string" && value !== "") || isRecord(value);
  if (!isEntry) throw errors.wrongValue(key, shown(value), "the path of a module, a pass or a plugin");
}
