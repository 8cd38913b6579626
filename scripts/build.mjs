// Compiles with plain tsc, then bundles the command line and, for Node, the doors of the library: five hundred small modules take
// longer to find and load than a network takes to fold. Bundlers get the modules as tsc wrote them, from which they take what is
// used. Only our own modules are bundled, no dependency.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { build } from "esbuild";

/** Modules that the command loads on demand. Code that only they use goes to a file of its own. */
const LOADED_LATER =
  /\/(program|spawn|supervision|worker|isolated-runtime|optimize-command|inference-commands|training-commands|measure-models)\.js$/;

/** The imports of a module as the command's bundle takes them: what is not loaded later is part of it. */
const STATIC_IMPORT = /^(?:import|export)\b[^"]*?\bfrom "(\.[^"]+)"/gm;
const DYNAMIC_IMPORT = /\bimport\("(\.[^"]+)"\)/g;

async function importsOf(path) {
  const text = await readFile(path, "utf8");
  const targets = [...text.matchAll(STATIC_IMPORT), ...text.matchAll(DYNAMIC_IMPORT)].map(
    ([, target]) => target,
  );
  return targets
    .filter((target) => !LOADED_LATER.test(target))
    .map((target) => resolve(dirname(path), target));
}

/** All modules that are loaded with one. */
async function closureOf(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const target of await importsOf(path)) await closureOf(target, found);
  return found;
}

/** Something that each module exports itself; those that only pass on others' exports have no code. */
async function ownExports(paths) {
  const found = [];
  for (const path of paths) {
    const [, name] =
      /^export (?:async )?(?:const|class|function\*?) ([\w$]+)/m.exec(await readFile(path, "utf8")) ?? [];
    if (name !== undefined) found.push({ path, name });
  }
  return found;
}

/**
 * Modules that are loaded when the layers named are there, whole. What they share with them, some with this one and some with
 * that, would be a file for each set of sharers; so they take part in all of it.
 */
const ABOVE = new Map([
  ["optimize-command", ["program"]],
  ["inference-commands", ["program", "optimize-command"]],
  ["training-commands", ["program", "optimize-command", "inference-commands"]],
  ["measure-models", ["program", "optimize-command", "inference-commands"]],
  ["isolated-runtime", ["program", "optimize-command", "inference-commands"]],
  ["worker", ["program", "optimize-command", "inference-commands"]],
  ["supervision", ["program"]],
]);

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
      const text = (await readFile(path, "utf8")).replaceAll(DYNAMIC_IMPORT, (whole, target) => {
        if (LOADED_LATER.test(target)) return whole;
        imports.push(`import * as $loaded${imports.length} from "${target}";`);
        return `Promise.resolve($loaded${imports.length - 1})`;
      });
      const below = [];
      for (const layer of ABOVE.get(basename(path, ".js")) ?? [])
        below.push(...(await ownExports(await closureOf(resolve("dist/src/cli", `${layer}.js`)))));
      const others = below.filter((module) => module.path !== path);
      imports.push(...others.map(({ path, name }, i) => `import { ${name} as $below${i} } from "${path}";`));
      const kept =
        others.length === 0 ? "" : `export const $below = [${others.map((_, i) => `$below${i}`)}];`;
      return { contents: `${imports.join("")}${text}${kept}`, loader: "js" };
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

/** The plugin for bundlers. It uses the library through the first door, so that no file of the library is parted for it. */
const PLUGINS = ["index", "vite", "rollup", "rolldown", "webpack", "rspack", "esbuild", "loader"].map(
  (name) => `dist/src/unplugin/${name}.js`,
);

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
    build({
      ...SHARED,
      entryPoints: ["dist/src/index.js", "dist/src/train.js", "dist/src/config.js", ...PLUGINS],
      outdir: "dist/node",
    }),
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
