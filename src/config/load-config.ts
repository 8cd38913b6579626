import { dirname } from "node:path";
import { NormfoldError } from "../base/errors.js";
import type { NormfoldConfig } from "./config.js";
import { loadDefault } from "./load-module.js";
import { assertConfig } from "./validate-config.js";

/** A configuration and where it stands. */
export interface LoadedConfig {
  /** Absolute. */
  readonly path: string;
  /** The folder that paths in it are relative to. */
  readonly folder: string;
  readonly config: NormfoldConfig;
}

/** Loads the configuration in a file, whose path is absolute. Throws NormfoldError "usage" with the file and the key of a fault. */
export async function loadConfig(path: string, version?: string): Promise<LoadedConfig> {
  const exported = await loadDefault(path, version);
  try {
    const config: unknown = typeof exported === "function" ? await exported() : exported;
    assertConfig(config);
    return { path, folder: dirname(path), config };
  } catch (error) {
    throw error instanceof NormfoldError ? error.at({ file: path }) : error;
  }
}
