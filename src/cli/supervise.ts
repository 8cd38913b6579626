import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import type { Writable } from "node:stream";
import { WATCH } from "../isolation/descriptors.js";
import type { StopSignal } from "../node/interrupt.js";
import { CODES } from "./exit.js";
import { type PassedOn, type Said, SUPERVISOR } from "./supervisor-messages.js";

/** Milliseconds in which a command must hear that it is to end, before it is ended. */
const PATIENCE = 600;

/** The end of a command that was not told to end. */
export interface Crash {
  /** "SIGSEGV". */
  readonly how: string;
}

/**
 * Runs a command line in another process and gives its exit code, or says how it crashed. This process does nothing else, so it
 * hears every signal at once: commands that train run onnxruntime in their own process, and a call of it may never return.
 */
export function supervise(argv: readonly string[]): Promise<number | Crash> {
  let ended: StopSignal | undefined;
  let isGentle = false;
  let patience: NodeJS.Timeout | undefined;
  // The handlers come first: a signal may arrive while the process is started.
  process.on("SIGINT", () => {
    if (!isGentle) return end("SIGINT");
    isGentle = false;
    const order: PassedOn = { signal: "SIGINT" };
    child.send(order, () => {});
    patience = setTimeout(() => end("SIGINT"), PATIENCE);
  });
  process.on("SIGTERM", () => end("SIGTERM"));
  const [, script = ""] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...argv], {
    stdio: ["inherit", "inherit", "inherit", "ipc", "pipe"],
    env: { ...process.env, [SUPERVISOR]: String(process.pid) },
  });
  // Node's types know no pipe behind the standard three.
  const watchdog = child.stdio[WATCH] as Writable;
  watchdog.on("error", () => {});
  const temporaries = new Set<string>();
  function end(signal: StopSignal): void {
    ended = signal;
    child.kill("SIGKILL");
  }
  child.on("message", (said: Said) => {
    if (said.kind === "gentle") isGentle = said.isGentle;
    else if (said.kind === "heard") clearTimeout(patience);
    else {
      const { add, remove } = said.change;
      if (add !== undefined) temporaries.add(add);
      if (remove !== undefined) temporaries.delete(remove);
      watchdog.write(`${JSON.stringify(said.change)}\n`);
    }
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ how: error.message }));
    child.once("exit", (code, signal) => {
      clearTimeout(patience);
      watchdog.destroy();
      if (ended !== undefined) {
        for (const path of temporaries) rmSync(path, { recursive: true, force: true });
        resolve(CODES[ended]);
      } else if (signal === null && code !== null && code <= LARGEST_CODE) resolve(code);
      else resolve({ how: signal ?? `exit code ${code}` });
    });
  });
}

/** Windows gives a process that crashed a larger one. */
const LARGEST_CODE = 255;
