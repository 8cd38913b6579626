import type { ErrorCode } from "../base/errors.js";
import { type StopSignal, stopOnSignals } from "../node/interrupt.js";
import type { CommandSpec } from "../options/spec.js";

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

/** The end of a command's --help: the exit codes that it can end with. */
export function exitHelp({ outcome = {}, arguments: places, tables }: CommandSpec): string {
  const { done, differs } = outcome;
  const readsModel = places.length > 0;
  const mayGoUnchecked = tables.some((table) =>
    Object.values(table).some(({ flag }) => flag === "--no-check"),
  );
  const unsupported = "onnxruntime or normfold cannot do this with the model";
  const rows: readonly (readonly [code: string, meaning: string | undefined])[] = [
    ["0", done === undefined ? "done" : `done; ${done}`],
    ["1", differs],
    ["2", "wrong usage"],
    ["3", readsModel ? "the model or the data is unreadable or invalid" : undefined],
    ["4", readsModel ? `${unsupported}${mayGoUnchecked ? UNWRITTEN : ""}` : undefined],
    ["5", "a file cannot be read or written"],
    ["70", "a bug in normfold"],
    ["130", "interrupted (143: terminated)"],
  ];
  const lines = rows.flatMap(([code, meaning]) =>
    meaning === undefined ? [] : [`  ${code.padEnd(5)}${meaning}`],
  );
  return `\nExit codes:\n${lines.join("\n")}`;
}

const UNWRITTEN = "; without --no-check\n       nothing was written";

/** The exit code of a command that a signal stopped. */
export const CODES: Readonly<Record<StopSignal, number>> = { SIGINT: EXIT.interrupted, SIGTERM: 143 };

const cleanups: (() => void)[] = [];

/** Runs `cleanup` when a signal stops the process. */
export function onInterrupt(cleanup: () => void): void {
  cleanups.push(cleanup);
}

/** Ends the process at once on SIGINT and SIGTERM, but removes unfinished files first. */
export function handleInterrupts(): void {
  stopOnSignals((signal) => {
    for (const cleanup of cleanups) cleanup();
    process.exit(CODES[signal]);
  });
}
