import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { digestOf } from "./digest.js";

/**
 * Stands for this build of normfold and for the runtime that it uses: the versions, and the file that starts the command, in which the
 * build writes the digest of the program.
 */
export function programIdentity(script: string): string {
  const require = createRequire(import.meta.url);
  const { platform, arch } = process;
  const versions = [versionOf(require, "normfold"), versionOf(require, "onnxruntime-node")];
  return [...versions, platform, arch, digestOf(readFileSync(script))].join(" ");
}

function versionOf(require: NodeJS.Require, name: string): string {
  try {
    const manifest: { readonly version: string } = require(`${name}/package.json`);
    return manifest.version;
  } catch {
    return "none";
  }
}
