import { rmSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { workerData } from "node:worker_threads";
import { REASON, WATCH } from "./descriptors.js";
import { guardOf } from "./guard.js";
import { watchOf } from "./messages.js";

/**
 * The program of the watchdog: a thread beside the runtime, because a native call that loops or allocates for ever lets no
 * JavaScript of its own thread run. It ends the process when a limit is passed or the parent has gone, whatever the other
 * thread does, and then removes what the parent left.
 */
const guard = guardOf(workerData);
const temporaries = new Set<string>();

function end(): void {
  process.kill(process.pid, "SIGKILL");
}

createInterface({ input: new Socket({ fd: WATCH }) })
  .on("line", (line) => {
    const { add, remove } = watchOf(line);
    if (add !== undefined) temporaries.add(add);
    if (remove !== undefined) temporaries.delete(remove);
  })
  .on("close", () => {
    for (const path of temporaries) rmSync(path, { recursive: true, force: true });
    end();
  });

/** Milliseconds; a process that allocates two gigabytes a second passes its limit by a hundred megabytes. */
const PERIOD = 50;

setInterval(() => {
  const passed = guard.passed(process.memoryUsage.rss());
  if (passed === undefined) return;
  writeSync(REASON, passed);
  end();
}, PERIOD);
