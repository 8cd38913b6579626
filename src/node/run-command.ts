import { spawn } from "node:child_process";
import { constants } from "node:os";
import { whileWaiting } from "./interrupt.js";

/** How a command of the user's ended. */
export interface CommandEnd {
  /** Its exit code; 128 and the number of the signal that ended it, as shells count; undefined where it was ended for its time. */
  readonly code: number | undefined;
  /** What it wrote to standard output and standard error, the last part of it. */
  readonly output: string;
}

/** Characters of output that are kept. */
const KEPT = 1_000_000;

/**
 * Runs a command line in the shell, without input, and waits for its end. It and what it starts are a group of their own: a
 * Ctrl-C does not reach them, and all of them are ended after `timeout` seconds or when `signal` is aborted, which throws its
 * reason.
 */
export async function runCommand(command: string, timeout: number, signal: AbortSignal): Promise<CommandEnd> {
  signal.throwIfAborted();
  const isPosix = process.platform !== "win32";
  const child = spawn(command, { shell: true, detached: isPosix, stdio: ["ignore", "pipe", "pipe"] });
  const end = (): void => {
    // A group that has ended already is no error.
    try {
      if (isPosix && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {}
  };
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Uint8Array) => {
      output = (output + String(bytes)).slice(-KEPT);
    });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeout * 1000);
  signal.addEventListener("abort", end, { once: true });
  process.once("exit", end);
  try {
    const code = await whileWaiting(
      () =>
        new Promise<number>((resolve, reject) => {
          child.once("error", reject);
          child.once("exit", (status, name) => resolve(status ?? 128 + constants.signals[name ?? "SIGKILL"]));
        }),
    );
    signal.throwIfAborted();
    return { code: isLate ? undefined : code, output };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    process.removeListener("exit", end);
    // What it left running in its group goes with it.
    end();
  }
}

/** An exit code in words: "exit code 139 (SIGSEGV)". */
export function exitText(code: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return `exit code ${code}${name === undefined ? "" : ` (${name})`}`;
}
