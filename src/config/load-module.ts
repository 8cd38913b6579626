import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { NormfoldError } from "../base/errors.js";
import { codeOf, guarded } from "../node/guarded.js";
import { errors } from "./errors.js";

/** How names of modules end. */
export const MODULE_ENDINGS: readonly string[] = [".ts", ".mts", ".js", ".mjs"];

/**
 * The default export of a module in JavaScript or TypeScript, or what is in a JSON file; `path` is absolute. `version` tells a file
 * that has changed from what was loaded before. Throws NormfoldError "usage" with the file, where it cannot be loaded.
 */
export async function loadDefault(path: string, version = ""): Promise<unknown> {
  if (extname(path) === ".json") return readJson(path);
  try {
    const namespace = isTypeScript(path)
      ? await importTypeScript(path, version)
      : await importPlain(path, version);
    return defaultOf(namespace);
  } catch (error) {
    if (error instanceof NormfoldError) throw error.at({ file: path });
    throw errors.configModuleFails(reasonOf(error)).at({ file: path }).because(error);
  }
}

function isTypeScript(path: string): boolean {
  return [".ts", ".mts"].includes(extname(path));
}

function readJson(path: string): unknown {
  const text = guarded(path, "read", () => readFileSync(path, "utf8"));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw errors.jsonIsBroken(reasonOf(error)).at({ file: path });
  }
}

function importPlain(path: string, version: string): Promise<unknown> {
  const url = pathToFileURL(path);
  if (version !== "") url.search = version;
  return import(url.href);
}

/** Node reads it where it can, and jiti elsewhere, or where the file has more of TypeScript than types. */
async function importTypeScript(path: string, version: string): Promise<unknown> {
  if (hasTypeStripping()) {
    try {
      return await importPlain(path, version);
    } catch (error) {
      if (codeOf(error) !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    }
  }
  const { createJiti } = await loadJiti();
  return await createJiti(import.meta.url, { moduleCache: version === "", interopDefault: false }).import(
    path,
  );
}

function hasTypeStripping(): boolean {
  return "typescript" in process.features && Boolean(process.features.typescript);
}

interface Jiti {
  import(path: string): Promise<unknown>;
}

async function loadJiti(): Promise<{
  readonly createJiti: (id: string, options: { moduleCache: boolean; interopDefault: boolean }) => Jiti;
}> {
  try {
    return await import("jiti");
  } catch (error) {
    if (codeOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
    throw errors.typescriptNeedsJiti(process.versions.node);
  }
}

function defaultOf(namespace: unknown): unknown {
  return typeof namespace === "object" && namespace !== null && "default" in namespace
    ? namespace.default
    : undefined;
}

/** The first line of what an error says. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split("\n")[0] ?? "";
}
