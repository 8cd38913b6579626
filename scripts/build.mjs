// Compiles with plain tsc, then bundles the command line: a hundred and sixty small modules take longer to find and load
// than a network takes to fold. The library stays as tsc wrote it. Only our own modules are bundled, no dependency.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { build } from "esbuild";

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
    logLevel: "warning",
  });
  chmodSync("dist/cli/main.js", 0o755);
}
