// Compiles with plain tsc, then bundles the command line and, for Node, the doors of the library: five hundred small modules take
// longer to find and load than a network takes to fold. Bundlers get the modules as tsc wrote them, from which they take what is
// used. Only the command's bundle has dependencies in it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * The command is one file, whose modules are run when they are first imported: to find and open twenty files takes longer than to
 * read code that is not used, and of one file V8's compiled code can be kept (src/cli/code-cache.ts). Where modules look for the
 * package they are told a place in it.
 */
const PROGRAM = {
  format: "cjs",
  splitting: false,
  target: "node20",
  minify: true,
  charset: "ascii",
  packages: "bundle",
  define: { "import.meta.url": "moduleUrl" },
  banner: {
    js: `const moduleUrl=require("node:url").pathToFileURL(require("node:path").dirname(__dirname)+"/module.js").href,
importModule=module.importModule??(name=>import(name));`,
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
/** Modules of Node that few runs of the command need. */
const LATE_BUILTINS = [
  "child_process",
  "crypto",
  "net",
  "os",
  "readline",
  "stream",
  "worker_threads",
  "zlib",
];

/** Node loads its own modules where they are first used: of twenty milliseconds that a small model takes, crypto alone takes two. */
const lateBuiltins = {
  name: "late-builtins",
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^node:(${LATE_BUILTINS.join("|")})$`);
    onResolve({ filter }, ({ path }) => ({ path: path.slice("node:".length), namespace: "late-builtin" }));
    onLoad({ filter: /.*/, namespace: "late-builtin" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default");
      const getters = names.map((name) => `get ${name}() { return require("${path}").${name}; }`);
      return { contents: `module.exports = { ${getters.join(",")} };`, loader: "js" };
    });
  },
};

/** Packages that every start needs. */
const BUNDLED = /^(commander|picocolors|protobufjs|yocto-spinner)(\/|$)/;

/** Other packages are no part of the bundle, and are imported by the file that starts it, because a script cannot. */
const importsOutside = {
  name: "imports-outside",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer }) =>
      importer.includes("node_modules") || BUNDLED.test(path) || path.startsWith("dist/")
        ? undefined
        : { path, external: true },
    );
    onLoad({ filter: /dist[\\/]src[\\/].*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return {
        contents: text.replaceAll(/(?<!\.)\bimport\((?!"(?:\.|yocto-))/g, "importModule("),
        loader: "js",
      };
    });
  },
};

/** The licences of the packages of which the bundle has code, which want to be where the code is. */
async function writeLicenses(inputs) {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no licence`);
    return `${name} ${version}\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`;
  });
  await writeFile("dist/cli/LICENSES.txt", (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`));
}

/** The program, and the small file that starts it with its compiled code. */
async function buildCommand() {
  // Half the text to read and compile at every start. NORMFOLD_DEBUG reads the map, so that stacks have names and lines.
  const maps = { minify: true, sourcemap: true, sourcesContent: false };
  const { metafile } = await build({
    ...SHARED,
    ...PROGRAM,
    ...maps,
    metafile: true,
    plugins: [lateBuiltins, importsOutside],
    entryPoints: { program: "dist/src/cli/start.js" },
    outdir: "dist/cli",
    outExtension: { ".js": ".cjs" },
  });
  await writeLicenses(Object.keys(metafile.inputs));
  const digest = createHash("sha256")
    .update(await readFile("dist/cli/program.cjs"))
    .digest("hex")
    .slice(0, 16);
  await build({
    ...SHARED,
    ...PROGRAM,
    ...maps,
    entryPoints: ["dist/src/cli/main.js"],
    outdir: "dist/cli",
    define: { "import.meta.dirname": "__dirname", PROGRAM_DIGEST: JSON.stringify(digest) },
    banner: {},
  });
  // CommonJS: Node starts without its loader of modules, which takes as long as to read the program.
  await writeFile("dist/cli/package.json", '{ "type": "commonjs" }\n');
}

const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;
if (status === 0) {
  for (const folder of ["dist/cli", "dist/node", "dist/isolation"])
    rmSync(folder, { recursive: true, force: true });
  await Promise.all([
    buildCommand(),
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
