import { dirname, join } from "node:path";
import { loadModel, type OptimizeOptions, type OptimizeReport, optimize, saveModel } from "../index.js";
import type { Model } from "../ir/model.js";
import { externalFiles } from "../library/external-files.js";
import { Cache } from "./cache.js";
import { errors } from "./errors.js";
import type { NormfoldPluginOptions } from "./options.js";

/** An optimized model, in one file. */
export interface Asset {
  /** The file in the cache. */
  readonly file: string;
  /** The files that it was made of: the model, and those of its external data. */
  readonly sources: readonly string[];
  /** What went otherwise than one would wish, in lines. */
  readonly warnings: readonly string[];
}

/** Optimizes models, one after the other, each content once. */
export class Assets {
  readonly #options: NormfoldPluginOptions;
  readonly #cache: Cache;
  readonly #made = new Map<string, Promise<readonly string[]>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: NormfoldPluginOptions) {
    this.#options = options;
    this.#cache = new Cache(options.cacheDir);
  }

  /** Whether a model is left to the bundler. */
  excludes(path: string): boolean {
    return this.#options.exclude?.(path) ?? false;
  }

  /** The optimized model of a file. Throws NormfoldError where it cannot be read, optimized or proven. */
  async of(path: string): Promise<Asset> {
    const model = await loadModel(path);
    const sources = [path, ...dataFiles(path, model)];
    const { optimize: how = {} } = this.#options;
    const key = await this.#cache.key(sources, how);
    const file = this.#cache.file(key);
    let making = this.#made.get(key);
    if (making === undefined) {
      const isKept = isPlain(how) && this.#cache.touch(file);
      // Models that are optimized side by side would take memory side by side.
      making = isKept ? Promise.resolve([]) : this.#last.then(() => make(path, model, file, how));
      this.#made.set(key, making);
      this.#last = making.catch(() => {});
    }
    try {
      return { file, sources, warnings: await making };
    } catch (error) {
      this.#made.delete(key);
      throw error;
    }
  }
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
  file: string,
  how: OptimizeOptions,
): Promise<readonly string[]> {
  const { model, report } = await optimize(original, { isolation: "process", ...how });
  const { check, rolledBack } = report;
  const reason = check?.reason ?? "no reason is known";
  if (check?.status === "differs") throw errors.assetDiffers(reason).at({ file: path });
  if (check?.status === "unchecked") throw errors.assetIsUnchecked(reason).at({ file: path });
  await saveModel(model, file, { externalData: false });
  return rolledBack.map((record) => undoneText(path, record));
}

function undoneText(path: string, { pass, reason }: OptimizeReport["rolledBack"][number]): string {
  return `${path}: a rewrite of ${pass} was undone (${reason}); "normfold reduce" makes a small model of it for a report`;
}
