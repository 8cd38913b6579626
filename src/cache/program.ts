import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";

/**
 * Stands for this build of normfold and for the runtime that it uses: versions, and the names of the files that the command consists
 * of, which are made of their contents.
 */
export function programIdentity(script: string): string {
  const require = createRequire(import.meta.url);
  const files = readdirSync(dirname(script)).filter((name) => name.endsWith(".js"));
  const { platform, arch } = process;
  return [
    versionOf(require, "normfold"),
    versionOf(require, "onnxruntime-node"),
    platform,
    arch,
    ...files.sort(),
  ].join(" ");
}

function versionOf(require: NodeJS.Require, name: string): string {
  try {
    const manifest: { readonly version: string } = require(`${name}/package.json`);
    return manifest.version;
  } catch {
    return "none";
  }
}
