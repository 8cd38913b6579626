import { isWorker, startsRuntime, wantsSupervisor } from "./early.js";

/** Runs a command line, in a process of its own under this one where it trains. It is all that main.ts loads. */
export async function start(argv: readonly string[]): Promise<void> {
  if (isWorker()) {
    const { serve } = await import("./worker.js");
    return serve();
  }
  if (wantsSupervisor(argv)) {
    const { runSupervised } = await import("./supervision.js");
    return await runSupervised(argv);
  }
  // The process of the runtime starts while this one loads its own code, and reads the model.
  const early = startsRuntime(argv) ? await import("../isolation/spawn.js") : undefined;
  early?.spawnRuntime();
  const { run } = await import("./program.js");
  await run(argv);
  await early?.stopRuntime();
}
