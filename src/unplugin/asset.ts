import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { digestOf, digestOfFile } from "../cache/digest.js";
import { programIdentity } from "../cache/program.js";
import { openRecords, type Records } from "../cache/records.js";
import { loadModel, type OptimizeOptions, type OptimizeReport, optimize, saveModel } from "../index.js";
import type { Model } from "../ir/model.js";
import { externalFiles } from "../library/external-files.js";
import { ioError } from "../node/guarded.js";
import { CACHE } from "../options/many.js";
import { errors } from "./errors.js";
import type { NormfoldPluginOptions } from "./options.js";

/** An optimized model, in one file. */
export interface Asset {
  /** The file in the cache. Its name is the digest of its content. */
  readonly file: string;
  /** The files that it was made of: the model, and those of its external data. */
  readonly sources: readonly string[];
  /** What went otherwise than one would wish, in lines. */
  readonly warnings: readonly string[];
}

/** A rewrite that the check has undone. */
type Undone = Pick<OptimizeReport["rolledBack"][number], "pass" | "reason">;

/** What is kept of a model: the digest of the optimized one, and what is to be said of it in every build. */
interface Kept {
  readonly digest: string;
  readonly undone: readonly Undone[];
}

/** The same, with the file. */
interface Result {
  readonly file: string;
  readonly undone: readonly Undone[];
}

/** Optimizes models, one after the other, each content once. */
export class Assets {
  readonly #options: NormfoldPluginOptions;
  readonly #folder: string;
  /** Searches that are going on, by their keys. */
  readonly #finding = new Map<string, Promise<Result>>();
  #opened: { readonly records: Records; readonly basis: string } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: NormfoldPluginOptions) {
    this.#options = options;
    this.#folder = options.cacheDir ?? join("node_modules", ".cache", "normfold");
  }

  /** Whether a model is left to the bundler. */
  excludes(path: string): boolean {
    return this.#options.exclude?.(path) ?? false;
  }

  /** The optimized model of a file. Throws NormfoldError where it cannot be read, optimized, proven or kept. */
  async of(path: string): Promise<Asset> {
    const model = await loadModel(path);
    const sources = [path, ...dataFiles(path, model)];
    const { records, basis } = this.#open();
    const key = digestOf(JSON.stringify([basis, ...(await Promise.all(sources.map(digestOfFile)))]));
    const finding =
      this.#finding.get(key) ??
      this.#find(records, key, path, model).finally(() => this.#finding.delete(key));
    this.#finding.set(key, finding);
    const { file, undone } = await finding;
    return { file, sources, warnings: undone.map((record) => undoneText(path, record)) };
  }

  /** Room is made before the first model, so that a build removes nothing that it uses. */
  #open(): { readonly records: Records; readonly basis: string } {
    if (this.#opened !== undefined) return this.#opened;
    const { optimize: how = {}, cacheLimit = CACHE.cacheLimit.default } = this.#options;
    const records = openRecords(this.#folder);
    try {
      records.prune(cacheLimit);
    } catch {
      // They are another user's, and only take room.
    }
    const options = isPlain(how) ? how : { build: randomUUID() };
    this.#opened = { records, basis: JSON.stringify([programIdentity(programFile()), options]) };
    return this.#opened;
  }

  async #find(records: Records, key: string, path: string, model: Model): Promise<Result> {
    const kept = records.read("assets", key) as Kept | undefined;
    const found = kept && (await records.find(kept.digest));
    if (found !== undefined) return { file: found, undone: kept?.undone ?? [] };
    // Models that are optimized side by side would take memory side by side.
    const making = this.#last.then(() => make(path, model, this.#options.optimize));
    this.#last = making.catch(() => {});
    const { model: made, undone } = await making;
    try {
      const write = (file: string): Promise<unknown> => saveModel(made, file, { externalData: false });
      const { digest, path: file } = await records.make(write);
      records.write("assets", key, { digest, undone } satisfies Kept);
      return { file, undone };
    } catch (error) {
      throw ioError(error, this.#folder, "write");
    }
  }
}

/** By its name in the package, because this module may be in any file of the bundle. */
function programFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve("normfold/package.json")), "dist/cli/main.js");
}

/** Whether another build knows by their text what the options do: passes of one's own, a runtime and data have none. */
function isPlain({ passes = [], runtime, data }: OptimizeOptions): boolean {
  return passes.every((pass) => typeof pass === "string") && runtime === undefined && data === undefined;
}

function dataFiles(path: string, model: Model): string[] {
  return externalFiles(model).map(({ location }) => join(dirname(path), location));
}

async function make(
  path: string,
  original: Model,
  how: OptimizeOptions = {},
): Promise<{ readonly model: Model; readonly undone: readonly Undone[] }> {
  const { model, report } = await optimize(original, { isolation: "process", ...how });
  const { check, rolledBack } = report;
  const reason = check?.reason ?? "no reason is known";
  if (check?.status === "differs") throw errors.assetDiffers(reason).at({ file: path });
  if (check?.status === "unchecked") throw errors.assetIsUnchecked(reason).at({ file: path });
  return { model, undone: rolledBack.map(({ pass, reason: why }) => ({ pass, reason: why })) };
}

function undoneText(path: string, { pass, reason }: Undone): string {
  return `${path}: a rewrite of ${pass} was undone (${reason}); "normfold reduce" makes a small model of it for a report`;
}
