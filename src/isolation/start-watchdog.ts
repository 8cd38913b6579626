import { Worker } from "node:worker_threads";

/** Starts the watchdog's thread. */
export function startWatchdog(program: string, guard: SharedArrayBuffer): void {
  new Worker(program, { workerData: guard, stdout: false, stderr: false }).unref();
}
