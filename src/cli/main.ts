#!/usr/bin/env node
import { isWorker, startsRuntime, wantsSupervisor } from "./early.js";

const argv = process.argv.slice(2);
// The stack of an internal error is for whoever mends it: in the names and lines of the modules, not of the bundle.
if (process.env["NORMFOLD_DEBUG"]) process.setSourceMapsEnabled(true);
if (isWorker()) {
  const { serve } = await import("./worker.js");
  serve();
} else if (wantsSupervisor(argv)) {
  const { runSupervised } = await import("./supervision.js");
  await runSupervised(argv);
} else {
  // The process of the runtime starts while this one loads its own code, and reads the model.
  const early = startsRuntime(argv) ? await import("../isolation/spawn.js") : undefined;
  early?.spawnRuntime();
  const { run } = await import("./program.js");
  await run(argv);
  await early?.stopRuntime();
}
