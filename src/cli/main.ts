#!/usr/bin/env node
import { join } from "node:path";
import { loadCached } from "./code-cache.js";
import { startsRuntime } from "./early.js";
import { UNSETTLED } from "./unsettled.js";

// The build makes CommonJS of this module, which starts faster. Such a program ends without a word where it waits while nothing
// is left that could go on; a module would end with this code, which failure.ts reports.
let isSettled = false;
process.once("exit", () => {
  if (!isSettled) process.exitCode ??= UNSETTLED;
});
const argv = process.argv.slice(2);
// The stack of an internal error is for whoever mends it: in the names and lines of the modules, not of the bundle.
if (process.env["NORMFOLD_DEBUG"]) process.setSourceMapsEnabled(true);
const program = loadCached(join(import.meta.dirname, "program.cjs"), {
  part: startsRuntime(argv) ? "checked" : "plain",
  isMade: argv[0] === "optimize",
  importModule: (name) => import(name),
}) as typeof import("./start.js");
void program.start(argv).then(() => {
  isSettled = true;
});
