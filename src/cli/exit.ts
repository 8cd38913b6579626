import type { ErrorCode } from "../base/errors.js";

/** The exit code for each kind of error; 0 is success. */
export const EXIT: Readonly<Record<ErrorCode | "interrupted", number>> = {
  check: 1,
  usage: 2,
  invalid: 3,
  unsupported: 4,
  io: 5,
  internal: 70,
  interrupted: 130,
};

/** The end of `normfold --help`, which fits on one screen. */
export const EXIT_SUMMARY = `
Exit codes: 0 done, 1 outputs differ, 2 wrong usage, 3 invalid, 4 unsupported,
5 file, 70 bug, 130 interrupted; each command's --help says more.`;

/** The end of a command's --help. */
export const EXIT_HELP = `
Exit codes:
  0    done; what was written is proven (or --no-check was given)
  1    the outputs differ, or training diverged; nothing was written
  2    wrong usage
  3    the model or the data is unreadable or invalid
  4    onnxruntime or normfold cannot do this with the model; without --no-check
       nothing was written
  5    a file cannot be read or written
  70   a bug in normfold
  130  interrupted`;

const cleanups: (() => void)[] = [];

/** Has `cleanup` run when the process is told to stop. */
export function onInterrupt(cleanup: () => void): void {
  cleanups.push(cleanup);
}

/** Ends the process at once on SIGINT and SIGTERM, but removes unfinished files first. */
export function handleInterrupts(): void {
  for (const [signal, code] of [["SIGINT", EXIT.interrupted] as const, ["SIGTERM", 143] as const]) {
    process.once(signal, () => {
      for (const cleanup of cleanups) cleanup();
      process.exit(code);
    });
  }
}
