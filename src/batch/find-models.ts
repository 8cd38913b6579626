import { statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { guarded } from "../node/guarded.js";
import { absolutePath, STANDARD } from "../node/paths.js";
import { errors } from "./errors.js";
import { isPattern, pathPattern } from "./glob.js";
import { walk } from "./walk.js";

/** A model that is to be optimized. */
export interface FoundModel {
  /** The path by which it is opened, and named in reports. */
  readonly path: string;
  /** Where it stands below what the user gave, with "/" between the parts: its result gets the same place. */
  readonly place: string;
}

/** What the user's words lead to. */
export interface Finding {
  /** In the order of their paths; each file once. */
  readonly models: readonly FoundModel[];
  /** The folders that were looked through; the files that were named themselves are none of them. */
  readonly folders: readonly string[];
  /** One file was named, and nothing that could lead to more. */
  readonly isOneFile: boolean;
}

/** Tells earlier results from models, among the files that a folder or a pattern leads to. */
export type IsResult = (file: { readonly path: string; readonly folder: string }) => boolean;

/**
 * The models that files, folders and patterns lead to. A folder stands for the .onnx files in it and below; a pattern for what it
 * matches, of which only .onnx files count where it does not say how names end. A file's place is its path below the folder or the
 * part of the pattern without wildcards; files that are named keep their places below the folder that all of them are in.
 * Throws NormfoldError "usage" for a folder or a pattern that leads to nothing, "io" for a folder that cannot be read. A file that
 * is not there is found: whoever opens it says so.
 */
export async function findModels(
  words: readonly string[],
  isResult: IsResult = () => false,
): Promise<Finding> {
  const found = new Map<string, FoundModel>();
  const named: string[] = [];
  const folders: string[] = [];
  for (const word of words) {
    const kind = kindOf(word);
    if (kind === "folder") {
      folders.push(word);
      const models = modelsIn(word, isResult, ONNX, Number.POSITIVE_INFINITY);
      if (models.length === 0) throw errors.folderHasNoModels(word);
      for (const model of models) add(found, model);
    } else if (kind === "pattern") {
      const { base, depth, namesEnding, matches } = await pathPattern(word);
      const folder = base === "" ? "." : base;
      const isMatch = (place: string): boolean => matches(place) && (namesEnding || ONNX(place));
      const models = kindOf(folder) === "folder" ? modelsIn(folder, isResult, isMatch, depth) : [];
      if (models.length === 0) throw errors.globMatchesNothing(word);
      folders.push(folder);
      for (const model of models) add(found, model);
    } else named.push(word);
  }
  for (const model of placed(named)) add(found, model);
  const models = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const isOneFile = words.length === 1 && named.length === 1;
  if (named.includes(STANDARD) && !isOneFile) throw errors.standardInputIsOneModel();
  return { models, folders, isOneFile };
}

function ONNX(place: string): boolean {
  return /\.onnx$/i.test(place);
}

function kindOf(word: string): "file" | "folder" | "pattern" {
  if (word === STANDARD) return "file";
  const stats = guarded(word, "read", () => statSync(word, { throwIfNoEntry: false }));
  if (stats?.isDirectory()) return "folder";
  // A file may have a name that looks like a pattern.
  return stats === undefined && isPattern(word) ? "pattern" : "file";
}

/** A model is known by its path, however that is spelled; the first spelling stays. */
function add(found: Map<string, FoundModel>, model: FoundModel): void {
  const key = model.path === STANDARD ? STANDARD : absolutePath(model.path);
  if (!found.has(key)) found.set(key, model);
}

function modelsIn(
  folder: string,
  isResult: IsResult,
  isWanted: (place: string) => boolean,
  depth: number,
): FoundModel[] {
  const models: FoundModel[] = [];
  const start = folder === "." ? "" : join(folder, "/");
  const visit = (place: string): void => {
    if (!isWanted(place)) return;
    const path = `${start}${place}`;
    if (!isResult({ path, folder })) models.push({ path, place });
  };
  walk(folder, visit, depth);
  return models;
}

/** Files that were named have their places below the lowest folder that all are in. */
function placed(named: readonly string[]): FoundModel[] {
  const folders = named.filter((path) => path !== STANDARD).map((path) => dirname(resolve(path)).split(sep));
  const [first = [], ...others] = folders;
  let shared = first.length;
  for (const parts of others) {
    const departs = parts.findIndex((part, index) => part !== first[index]);
    shared = Math.min(shared, departs < 0 ? parts.length : departs);
  }
  const root = first.slice(0, shared).join(sep) || sep;
  return named.map((path) => ({
    path,
    place: path === STANDARD ? basename(path) : relative(root, resolve(path)).split(sep).join("/"),
  }));
}
