import type { OptimizeFileOptions } from "../options/optimize.js";
import type { Pass } from "../rewrite/pass.js";
import type { PresetName } from "./presets.js";

/** Options of one model that a configuration can set: those of the command, by the names that the library has for them. */
export type ConfigOptions = Omit<OptimizeFileOptions, "inPlace">;

/** Passes of your own. They run behind normfold's in every round, and `--pass`, `--skip` and `passes` know their names. */
export interface Plugin {
  /** Passes, as definePass makes them. */
  readonly passes?: readonly Pass[];
}

/** A plugin, a pass, or the path of a module that exports one, a list of passes or a plugin by default. */
export type PluginEntry = string | Pass | Plugin;

/** Options for some of the models. */
export interface ConfigOverride {
  /**
   * Patterns of the models' files, relative to the folder of the configuration; one without "/" means files of that name in any
   * folder.
   */
  readonly files: string | readonly string[];
  /** A preset for them, which stands behind `options`. */
  readonly preset?: PresetName;
  /** Options for them. */
  readonly options?: ConfigOptions;
}

/**
 * The configuration of `normfold optimize`. Paths in it are relative to its folder. The command line goes before all of it; of
 * overrides that match a model, later ones go before earlier ones, and a list replaces a list.
 */
export interface NormfoldConfig {
  /** Files, folders and patterns to optimize, where the command line names none. */
  readonly inputs?: string | readonly string[];
  /** The folder for results. */
  readonly outDir?: string;
  /** The name of each result, as "{name}.opt.onnx". */
  readonly name?: string;
  /** Models that are worked on at once. */
  readonly jobs?: number;
  /** The folder that keeps results for later runs. */
  readonly cache?: string;
  /** Bytes that it may take. */
  readonly cacheLimit?: number;
  /** Options for a purpose, which stand behind `options`. */
  readonly preset?: PresetName;
  /** Options for all models. */
  readonly options?: ConfigOptions;
  /** Passes of your own. */
  readonly plugins?: readonly PluginEntry[];
  /** Options for some of the models. */
  readonly overrides?: readonly ConfigOverride[];
}

/** A configuration, or a function that gives one when it is wanted. */
export type ConfigExport = NormfoldConfig | (() => NormfoldConfig | Promise<NormfoldConfig>);

/**
 * Gives its argument back: an editor knows its types then.
 *
 *   import { defineConfig } from "normfold/config";
 *   export default defineConfig({ inputs: "models", outDir: "optimized", preset: "web" });
 */
export function defineConfig<Config extends ConfigExport>(config: Config): Config {
  return config;
}
