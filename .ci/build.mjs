// Compiles with plain tsc and marks the CLI executable; deletes nothing but its own output.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";

const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
  stdio: "inherit",
});
if (status === 0) chmodSync("dist/src/cli/main.js", 0o755);
process.exitCode = status ?? 1;
