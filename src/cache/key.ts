import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { walk } from "../batch/walk.js";
import type { PluginSource } from "../config/plugins.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { digestOf, digestOfFile } from "./digest.js";

/** Changes whenever what is kept, or how, changes. */
const FORMAT = 1;

/**
 * What a result hangs on beside the model and its data: the program, the options, the data of the check, lists of operators, plugins; and, where the result
 * has a data file, whose name stands in it, the name of the result.
 */
export async function basisKey(job: OptimizeFileJob, program: string): Promise<string> {
  const { inPlace: _, explain: __, ...options } = job.options;
  const { checkInputs, externalData, allowOperators = [] } = options;
  const lists = allowOperators.flatMap((entry) => (entry.startsWith("@") ? entry.slice(1) : []));
  const parts = {
    format: FORMAT,
    program,
    options: Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)),
    data: checkInputs === undefined ? "" : await digestOfData(checkInputs),
    lists: await Promise.all(lists.map(digestOfFile)),
    plugins: (job.plugins ?? []).map(digestOfPlugin),
    name: externalData === undefined ? "" : basename(job.output),
  };
  return digestOf(JSON.stringify(parts));
}

/** The key of a model, by its file and what else its result hangs on. */
export function modelKey(basis: string, model: string): string {
  return digestOf(`${basis}\n${model}`);
}

/**
 * The key of a model with external data: by the digests of its data, by the name of its result, which a data file has too, and by
 * whether the result is beside it, for it can use the same data then.
 */
export function keyWithData(
  model: string,
  data: readonly string[],
  { input, output }: Pick<OptimizeFileJob, "input" | "output">,
): string {
  const isBeside = resolve(dirname(input)) === resolve(dirname(output));
  return digestOf(JSON.stringify([model, data, basename(output), isBeside]));
}

async function digestOfData(path: string): Promise<string> {
  if (!statSync(path).isDirectory()) return await digestOfFile(path);
  const places: string[] = [];
  walk(path, (place) => places.push(place));
  const digests: string[] = [];
  for (const place of places.sort()) digests.push(place, await digestOfFile(join(path, place)));
  return digestOf(JSON.stringify(digests));
}

/** A plugin is a module and the modules of its project that it imports; packages are known by their names only. */
function digestOfPlugin(source: PluginSource): string {
  const modules = new Map<string, string>();
  collect(source.path, modules);
  return digestOf(JSON.stringify([source, [...modules.values()]]));
}

const RELATIVE_IMPORT = /\b(?:from|import|require)\s*\(?\s*["'](\.[^"']+)["']/g;

function collect(path: string, modules: Map<string, string>): void {
  if (modules.has(path)) return;
  const text = readFileSync(path, "utf8");
  modules.set(path, digestOf(text));
  for (const [, specifier = ""] of text.matchAll(RELATIVE_IMPORT)) {
    const target = resolve(dirname(path), specifier);
    const candidates = [target, target.replace(/\.js$/, ".ts"), target.replace(/\.mjs$/, ".mts")];
    for (const ending of [".ts", ".js", ".mjs", "/index.ts", "/index.js"]) candidates.push(target + ending);
    const file = candidates.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile());
    if (file !== undefined) collect(file, modules);
  }
}
