import { existsSync } from "node:fs";
import { NormfoldError } from "../base/errors.js";
import type { Pass } from "../rewrite/pass.js";
import type { Plugin, PluginEntry } from "./config.js";
import { errors } from "./errors.js";
import { loadConfig } from "./load-config.js";
import { loadDefault } from "./load-module.js";

/** Where a plugin is; another process finds it by this too. Paths are absolute. */
export type PluginSource =
  | { readonly kind: "module"; readonly path: string }
  /** It is written out in a configuration, at this index of its plugins. */
  | { readonly kind: "config"; readonly path: string; readonly index: number };

const loaded = new Map<string, Promise<readonly Pass[]>>();

/** The passes of plugins, each loaded once in a process. Throws NormfoldError "usage" with the file of one that is none. */
export async function loadPlugins(sources: readonly PluginSource[]): Promise<readonly Pass[]> {
  const passes: Pass[] = [];
  for (const source of sources) {
    const key = JSON.stringify(source);
    const promise = loaded.get(key) ?? load(source);
    loaded.set(key, promise);
    passes.push(...(await promise));
  }
  return passes;
}

async function load(source: PluginSource): Promise<readonly Pass[]> {
  const { path } = source;
  if (source.kind === "module" && !existsSync(path)) throw errors.pluginIsNotThere().at({ file: path });
  const exported = source.kind === "module" ? await loadDefault(path) : await entryOf(path, source.index);
  try {
    return passesOf(exported);
  } catch (error) {
    throw error instanceof NormfoldError ? error.at({ file: path }) : error;
  }
}

async function entryOf(path: string, index: number): Promise<PluginEntry | undefined> {
  const { config } = await loadConfig(path);
  return config.plugins?.[index];
}

function passesOf(exported: unknown): readonly Pass[] {
  if (Array.isArray(exported)) return exported.map(asPass);
  if (typeof exported !== "object" || exported === null) throw errors.pluginIsNone();
  if ("kind" in exported) return [asPass(exported)];
  const { passes } = exported as Plugin;
  if (!Array.isArray(passes)) throw errors.pluginIsNone();
  return passes.map(asPass);
}

/** The fields that every pass has, by its kind. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  rules: ["name", "summary", "before", "after", "numerics", "rules"],
  procedure: ["name", "summary", "before", "after", "numerics", "run"],
};

function asPass(value: unknown): Pass {
  if (typeof value !== "object" || value === null) throw errors.pluginIsNone();
  const { kind, name } = value as Partial<Pass>;
  const fields = FIELDS[String(kind)];
  const label = typeof name === "string" ? `"${name}"` : "of the plugin";
  if (fields === undefined) throw errors.pluginPassIsIncomplete(label, "kind");
  for (const field of fields)
    if (!Object.hasOwn(value, field)) throw errors.pluginPassIsIncomplete(label, field);
  return value as Pass;
}
