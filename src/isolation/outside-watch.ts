import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Limits, Watch } from "./messages.js";
import type { Watchman } from "./watchman.js";

/**
 * Waits for the end of its input, which is the end of the parent, however that comes about; then it ends the process and removes
 * the files that it was told. An empty line says that there are none any more.
 */
const SENTRY = `while IFS= read -r path; do
  if [ -n "$path" ]; then set -- "$@" "$path"; else set --; fi
done
kill -9 "$0"
rm -rf -- "$@"`;

/** Milliseconds; a process that allocates two gigabytes a second passes its limit by a hundred megabytes. */
const PERIOD = 50;

/**
 * Watches over the runtime's process from outside: limits by a timer here, the end of this process by a shell that waits beside
 * it. A thread in the watched process would take longer to start than a small model takes to run.
 */
export class OutsideWatch implements Watchman {
  readonly #child: ChildProcess;
  readonly #temporaries = new Set<string>();
  #sentry: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  passed: "time" | "memory" | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  begin(limits: Limits): void {
    this.#start();
    const start = performance.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      // An answer may have come while this process was busy: it is read before the limits count.
      const timer = this.#timer;
      setImmediate(() => {
        if (timer === this.#timer) this.#look(limits, performance.now() - start);
      });
    }, PERIOD).unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  tell({ add, remove }: Watch): void {
    if (add !== undefined) {
      this.#temporaries.add(add);
      // The shell reads lines.
      if (!add.includes("\n")) this.#start().stdin?.write(`${add}\n`);
    }
    if (remove !== undefined && this.#temporaries.delete(remove) && this.#temporaries.size === 0)
      this.#sentry?.stdin?.write("\n");
  }

  close(): void {
    this.end();
    // Before the process has been waited for, after which another may get its number.
    this.#sentry?.kill("SIGKILL");
  }

  #look({ timeout, memory }: Limits, milliseconds: number): void {
    if (milliseconds > timeout * 1000) this.passed = "time";
    else if (residentBytes(this.#child.pid) > memory) this.passed = "memory";
    else return;
    this.end();
    this.#child.kill("SIGKILL");
  }

  #start(): ChildProcess {
    if (this.#sentry !== undefined) return this.#sentry;
    const sentry = spawn("/bin/sh", ["-c", SENTRY, String(this.#child.pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      // Signals of the terminal are not for it.
      detached: true,
    });
    sentry.on("error", () => {});
    sentry.stdin.on("error", () => {});
    sentry.unref();
    for (const path of this.#temporaries) if (!path.includes("\n")) sentry.stdin.write(`${path}\n`);
    this.#sentry = sentry;
    return sentry;
  }
}

/** Bytes of a process in memory; 0 once it has gone. */
function residentBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
