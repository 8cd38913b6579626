import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { IS_WATCHED_FROM_OUTSIDE } from "./watchman.js";

// This module is loaded before the process can start, so it loads little.

let spare: ChildProcess | undefined;
let last: ChildProcess | undefined;
let dismiss: (() => void) | undefined;

/** Starts the process of the runtime before anybody wants it. */
export function spawnRuntime(): void {
  spare = start();
}

/**
 * The process that was started before, or a new one; each is given once. What a process said that has ended already is lost,
 * because Node lets go of output for which nobody listens: a new one says it again.
 */
export function takeRuntime(): ChildProcess {
  const child = spare !== undefined && isRunning(spare) ? spare : start();
  spare = undefined;
  return child;
}

/** Says how to end the watch over the process that was taken last. */
export function guardRuntime(end: () => void): void {
  dismiss = end;
}

/** Ends the process that was started last, if any, and waits for its end, so that no zombie is left. */
export async function stopRuntime(): Promise<void> {
  const child = last;
  dismiss?.();
  if (child === undefined || !isRunning(child)) return;
  // Others may let go of the process meanwhile; the timer keeps this one alive until it has gone.
  const hold = setInterval(() => {}, 1000);
  await new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGKILL");
  });
  clearInterval(hold);
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

function start(): ChildProcess {
  const child = spawn(process.execPath, [program()], {
    // The pipes behind the standard three are those of descriptors.ts.
    stdio: [
      "ignore",
      "ignore",
      "pipe",
      "pipe",
      ...(IS_WATCHED_FROM_OUTSIDE ? [] : (["pipe", "pipe"] as const)),
    ],
    windowsHide: true,
  });
  // Whoever takes the process listens too; until then a failure must not end this process.
  child.on("error", () => {});
  last = child;
  return child;
}

/** The program of the process, which is the same for each door of the package. */
function program(): string {
  const manifest = createRequire(import.meta.url).resolve("normfold/package.json");
  return join(dirname(manifest), "dist/isolation/child.cjs");
}
