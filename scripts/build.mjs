// Compiles with plain tsc, then bundles the command line and, for Node, the doors of the library: five hundred small modules take
// longer to find and load than a network takes to fold. Bundlers get the modules as tsc wrote them, from which they take what is
// used. Only our own modules are bundled, no dependency.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

/** Modules that the command loads on demand. Code that only they use goes to a file of its own. */
const LOADED_LATER =
  /\/(program|spawn|supervision|isolated-runtime|inference-commands|training-commands|measure-models)\.js$/;

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

const SHARED = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  chunkNames: "chunk-[hash]",
  packages: "external",
  logLevel: "warning",
};

const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;
if (status === 0) {
  for (const folder of ["dist/cli", "dist/node", "dist/isolation"])
    rmSync(folder, { recursive: true, force: true });
  await Promise.all([
    build({
      ...SHARED,
      entryPoints: ["dist/src/cli/main.js"],
      outdir: "dist/cli",
      plugins: [fewFiles],
      // Half the text to read and compile at every start. NORMFOLD_DEBUG reads the maps, so that stacks have names and lines.
      minify: true,
      sourcemap: true,
      sourcesContent: false,
    }),
    build({ ...SHARED, entryPoints: ["dist/src/index.js", "dist/src/train.js"], outdir: "dist/node" }),
    // The process of the runtime: CommonJS, which starts faster, and one file for each of its threads.
    build({
      ...SHARED,
      splitting: false,
      format: "cjs",
      entryPoints: ["dist/src/isolation/child.js", "dist/src/isolation/watchdog.js"],
      outdir: "dist/isolation",
      outExtension: { ".js": ".cjs" },
      // `require` instead: for one import Node would set up a second way of loading.
      supported: { "dynamic-import": false },
      minify: true,
    }),
  ]);
  chmodSync("dist/cli/main.js", 0o755);
}
