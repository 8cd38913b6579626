// The generated networks of test/networks/exports, for the benches: TypeScript, bundled here onto the built library.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const library = new URL("../dist/src/index.js", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "normfold-exports-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const outfile = join(folder, "exports.mjs");

await build({
  entryPoints: [fileURLToPath(new URL("../test/networks/exports/index.ts", import.meta.url))],
  bundle: true,
  platform: "node",
  format: "esm",
  outfile,
  logLevel: "error",
  plugins: [
    {
      name: "built-library",
      setup: ({ onResolve }) => {
        onResolve({ filter: /\/src\/index\.js$/ }, () => ({ path: library, external: true }));
      },
    },
  ],
});

/** { name, isPinned, build }: each network as each exporter writes it. */
export const { EXPORTS } = await import(pathToFileURL(outfile).href);
