import { commandOf } from "./early.js";
import { errors } from "./errors.js";
import { reportFailure } from "./failure.js";
import { reportingIn } from "./reporting.js";
import { supervise } from "./supervise.js";
import { isSupervised, obeySupervisor } from "./supervised.js";

/** Runs a command line in a process of its own under this one or, if this is that process, here. */
export async function runSupervised(argv: readonly string[]): Promise<void> {
  if (isSupervised()) {
    obeySupervisor();
    const { run } = await import("./program.js");
    return await run(argv);
  }
  const end = await supervise(argv);
  const asked = { command: commandOf(argv), reporting: reportingIn(argv) };
  process.exitCode =
    typeof end === "number" ? end : await reportFailure(errors.commandCrashed(end.how), asked);
}
