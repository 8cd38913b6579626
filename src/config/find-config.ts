import { readdirSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { guarded } from "../node/guarded.js";
import { errors } from "./errors.js";
import { MODULE_ENDINGS } from "./load-module.js";

const ENDINGS: readonly string[] = [...MODULE_ENDINGS, ".json"];

/**
 * The absolute path of the configuration: `given`, or normfold.config.ts, .mts, .js, .mjs or .json in `folder`; undefined where there
 * is none. Only that folder is looked in, as Vite does. Throws NormfoldError "usage" where a given one is not there, and where the
 * folder has several.
 */
export function findConfig(folder: string, given?: string): string | undefined {
  if (given !== undefined) {
    const path = resolve(folder, given);
    if (!ENDINGS.includes(extname(path))) throw errors.configIsOfAnotherKind().at({ file: given });
    const stats = guarded(given, "read", () => statSync(path, { throwIfNoEntry: false }));
    if (stats?.isFile() !== true) throw errors.configIsNotThere().at({ file: given });
    return path;
  }
  const found = namesIn(folder).filter((name) =>
    ENDINGS.some((ending) => name === `normfold.config${ending}`),
  );
  if (found.length > 1) throw errors.severalConfigs(found);
  const [name] = found;
  return name === undefined ? undefined : join(resolve(folder), name);
}

/** A folder in which we may not look has no configuration. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
