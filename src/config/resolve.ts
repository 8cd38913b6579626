import { relative, resolve, sep } from "node:path";
import { TARGET } from "../options/common.js";
import { CONFIGURE } from "../options/configure.js";
import { CACHE, MANY } from "../options/many.js";
import { OPTIMIZE_FILE, OPTIMIZE_RUN, type OptimizeFileOptions } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import type { ConfigOptions, ConfigOverride } from "./config.js";
import type { LoadedConfig } from "./load-config.js";
import { pathMatcher } from "./path-matcher.js";
import type { PluginSource } from "./plugins.js";
import { PRESETS, type PresetName } from "./presets.js";

/** What a run does, by the command line and the configuration. */
export interface ResolvedRun {
  /** Files, folders and patterns. */
  readonly inputs: readonly string[];
  readonly destination: {
    readonly outDir?: string;
    readonly name?: string;
    readonly inPlace?: boolean;
    readonly outputFile?: string;
  };
  readonly jobs?: number;
  readonly cache?: string;
  readonly cacheLimit?: number;
  readonly plugins: readonly PluginSource[];
  /** The options for the model in a file. */
  optionsFor(path: string): OptimizeFileOptions;
}

/** Values by the names of rows, as the command line gives them. */
type Given = Readonly<Record<string, unknown>>;

/**
 * Puts the command line (its arguments and the options that were given) before the configuration, if there is one. For one model, from
 * what counts least: the preset of the configuration, its options, the preset and the options of each override that matches, in their
 * order, the preset of the command line, its options. Paths of the configuration become paths as seen from the current folder.
 */
export async function resolveRun(
  words: readonly string[],
  given: Given,
  loaded: LoadedConfig | undefined,
): Promise<ResolvedRun> {
  const { config = {}, folder = "." } = loaded ?? {};
  const here = (path: string): string => relative("", resolve(folder, path)) || ".";
  const { outDir, name, jobs } = pick(MANY, given);
  const { outputFile } = pick(TARGET, given);
  const { inPlace } = pick(OPTIMIZE_RUN, given);
  const { cache, cacheLimit } = pick(CACHE, given);
  const isPlaced = outDir !== undefined || outputFile !== undefined || inPlace === true;
  const isNamed = name !== undefined || outputFile !== undefined || inPlace === true;
  const ownDir = isPlaced || config.outDir === undefined ? outDir : here(config.outDir);
  const ownName = isNamed ? name : config.name;
  const folderOfCache = cache ?? (config.cache === undefined ? undefined : here(config.cache));
  const inputs = listOf(config.inputs).map(here);
  return {
    inputs: words.length > 0 ? words : inputs,
    destination: {
      ...(ownDir === undefined ? {} : { outDir: ownDir }),
      ...(ownName === undefined ? {} : { name: ownName }),
      ...(inPlace === undefined ? {} : { inPlace }),
      ...(outputFile === undefined ? {} : { outputFile }),
    },
    ...optional("jobs", jobs ?? config.jobs),
    ...optional("cache", folderOfCache),
    ...optional("cacheLimit", cacheLimit ?? config.cacheLimit),
    plugins: pluginsOf(given, loaded),
    optionsFor: await optionsByPath(given, loaded, here),
  };
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { readonly [N in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: T };
}

function listOf(value: string | readonly string[] = []): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

async function optionsByPath(
  given: Given,
  loaded: LoadedConfig | undefined,
  here: (path: string) => string,
): Promise<(path: string) => OptimizeFileOptions> {
  const { config = {}, folder = "." } = loaded ?? {};
  const basis = layer(config, here);
  const overrides = await Promise.all(
    (config.overrides ?? []).map(async (override) => ({
      matches: await pathMatcher(listOf(override.files)),
      options: layer(override, here),
    })),
  );
  const last = { ...presetOptions(pick(CONFIGURE, given).preset), ...pick(OPTIMIZE_FILE, given) };
  // Jobs with the same options have the same object.
  const common: OptimizeFileOptions = { ...basis, ...last };
  return (path) => {
    if (overrides.length === 0) return common;
    const place = relative(folder, resolve(path)).split(sep).join("/");
    const own = overrides.filter(({ matches }) => matches(place)).map(({ options }) => options);
    return Object.assign({}, basis, ...own, last);
  };
}

function layer(
  { preset, options }: Pick<ConfigOverride, "preset" | "options">,
  here: (path: string) => string,
): ConfigOptions {
  const { checkInputs, allowOperators } = options ?? {};
  const data = checkInputs === undefined ? {} : { checkInputs: here(checkInputs) };
  const lists =
    allowOperators === undefined
      ? {}
      : { allowOperators: allowOperators.map((entry) => listIn(entry, here)) };
  return { ...presetOptions(preset), ...options, ...data, ...lists };
}

/** "@ops.txt" names a file with a list; anything else an operator. */
function listIn(entry: string, here: (path: string) => string): string {
  return entry.startsWith("@") ? `@${here(entry.slice(1))}` : entry;
}

function presetOptions(preset: PresetName | undefined): OptimizeFileOptions {
  return preset === undefined ? {} : PRESETS[preset].options;
}

function pluginsOf(given: Given, loaded: LoadedConfig | undefined): readonly PluginSource[] {
  const named = pick(CONFIGURE, given).plugins ?? [];
  const ofConfig = (loaded?.config.plugins ?? []).map((entry, index): PluginSource => {
    if (typeof entry === "string") return { kind: "module", path: resolve(loaded?.folder ?? "", entry) };
    return { kind: "config", path: loaded?.path ?? "", index };
  });
  return [...ofConfig, ...named.map((path): PluginSource => ({ kind: "module", path: resolve(path) }))];
}
