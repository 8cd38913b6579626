// Compiles with plain tsc, then bundles the command line: a hundred and sixty small modules take longer to find and load
// than a network takes to fold. The library stays as tsc wrote it. Only our own modules are bundled, no dependency.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

/** Modules of ours that the command still loads when it needs them; what they alone use is worth a file. */
const LOADED_LATER = /\/(inference-commands|training-commands|measure-models)\.js$/;

/**
 * In the library a module that touches Node is loaded when it is needed, so that the rest runs in a browser. In the command each
 * such module, and each set of modules that some of them share, would be a file of the bundle, and to find and open twenty files
 * takes longer than to read code that is not used.
 */
const fewFiles = {
  name: "few-files",
  setup({ onLoad }) {
    onLoad({ filter: /dist[\\/]src[\\/].*\.js$/ }, async ({ path }) => {
      const imports = [];
      const text = (await readFile(path, "utf8")).replaceAll(/\bimport\("(\.[^"]+)"\)/g, (whole, target) => {
        if (LOADED_LATER.test(target)) return whole;
        imports.push(`import * as $loaded${imports.length} from "${target}";`);
        return `Promise.resolve($loaded${imports.length - 1})`;
      });
      return { contents: `${imports.join("")}${text}`, loader: "js" };
    });
  },
};

const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;
if (status === 0) {
  rmSync("dist/cli", { recursive: true, force: true });
  await build({
    entryPoints: ["dist/src/cli/main.js"],
    outdir: "dist/cli",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    chunkNames: "chunk-[hash]",
    packages: "external",
    // A third less text to read and compile at every start; names stay, for stacks.
    plugins: [fewFiles],
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "warning",
  });
  chmodSync("dist/cli/main.js", 0o755);
}
