import { basename, dirname, extname, join, posix, relative, resolve, sep } from "node:path";
import { assertNamesOnnx } from "../node/extensions.js";
import { absolutePath } from "../node/paths.js";
import { errors } from "./errors.js";
import type { FoundModel, IsResult } from "./find-models.js";

/** Where results go. */
export interface Destination {
  /** The folder for them; the places of the models below what was asked for are kept. By default beside each model. */
  readonly outDir?: string;
  /** The name of each, as "{name}.opt.onnx". */
  readonly name?: string;
  /** Over the models. */
  readonly inPlace?: boolean;
  /** One file, for one model. */
  readonly outputFile?: string;
}

/** A model and the file for its result. */
export interface PlannedModel {
  readonly input: string;
  readonly output: string;
}

const DEFAULT_NAME = "{name}.onnx";

/**
 * The file for each model's result. Throws NormfoldError "usage", before any work, where there is no place, where two results would go
 * to one file, and where one would replace a model that is not its own.
 */
export function planOutputs(models: readonly FoundModel[], destination: Destination): PlannedModel[] {
  assertDestination(models.length, destination);
  const planned = models.map((model) => ({ input: model.path, output: outputFor(model, destination) }));
  const inputs = new Set(destination.inPlace ? [] : planned.map(({ input }) => absolutePath(input)));
  const outputs = new Map<string, string>();
  for (const { input, output } of planned) {
    assertNamesOnnx(output);
    const path = absolutePath(output);
    const other = outputs.get(path);
    if (other !== undefined) throw errors.outputsOfTwoModels(output, other, input);
    outputs.set(path, input);
    if (inputs.has(path)) throw errors.outputIsModel(output, input);
  }
  return planned;
}

function assertDestination(count: number, { outDir, name, inPlace, outputFile }: Destination): void {
  const given = [
    ...(outputFile === undefined ? [] : ["--output"]),
    ...(inPlace ? ["--in-place"] : []),
    ...(outDir === undefined ? [] : ["--out-dir"]),
    ...(name === undefined || outDir !== undefined ? [] : ["--name"]),
  ];
  const [one, other] = given;
  if (one === undefined) throw errors.placeForManyIsMissing(count);
  if (other !== undefined) throw errors.placeIsGivenTwice(one, other);
  if (outputFile !== undefined && count !== 1) throw errors.outputIsForOneModel(count);
  if (name !== undefined) assertPattern(name, count);
}

function assertPattern(name: string, count: number): void {
  const unknown = name.match(/\{[^}]*\}/g)?.find((part) => part !== "{name}" && part !== "{ext}");
  if (unknown !== undefined) throw errors.patternHasUnknownPart(name, unknown);
  if (!name.includes("{name}") && count > 1) throw errors.patternLacksName(name);
  if (posix.normalize(`/${name}`) !== `/${posix.normalize(name)}`) throw errors.patternLeavesFolder(name);
}

function outputFor({ path, place }: FoundModel, destination: Destination): string {
  const { outDir, name = DEFAULT_NAME, inPlace, outputFile } = destination;
  if (outputFile !== undefined) return outputFile;
  if (inPlace) return path;
  const end = place.lastIndexOf("/") + 1;
  if (outDir === undefined) return join(dirname(path), filled(name, basename(path)));
  return join(outDir, place.slice(0, end) + filled(name, place.slice(end)));
}

/** "{name}.opt.onnx" for "net.onnx" is "net.opt.onnx". */
function filled(pattern: string, file: string): string {
  const ext = extname(file);
  const name = basename(file, ext);
  return pattern.replaceAll("{name}", name).replaceAll("{ext}", ext.slice(1));
}

/**
 * Tells earlier results among the files in a folder that is looked through: all that is in the folder for results, where that is
 * inside; else what has the name of a result, as "{name}.opt.onnx" gives it.
 */
export function resultsOf({ outDir, name = DEFAULT_NAME }: Destination): IsResult {
  const shape = shapeOf(name);
  return ({ path, folder }) => {
    if (outDir !== undefined && isBelow(outDir, folder)) return isBelow(path, outDir);
    const isBeside = outDir === undefined || resolve(outDir) === resolve(folder);
    return isBeside && shape?.test(path.split(sep).join("/")) === true;
  };
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`);
}

/** undefined: every model has such a name. */
function shapeOf(name: string): RegExp | undefined {
  if (/^\{name\}\.(?:onnx|\{ext\})$/.test(name)) return undefined;
  const source = name.replace(/[.+^$()|[\]\\*?]/g, "\\$&").replace(/\{name\}|\{ext\}/g, "[^/]+");
  return new RegExp(`(?:^|/)${source}$`);
}
