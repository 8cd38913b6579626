import { watchOverParent } from "../isolation/watch-parent.js";
import { leaveSignals, obey } from "../node/interrupt.js";
import { setJanitor } from "../node/temporary.js";
import { CODES } from "./exit.js";
import { type PassedOn, type Said, SUPERVISOR } from "./supervisor-messages.js";

/** Whether this process is the command that a supervisor has started. */
export function isSupervised(): boolean {
  return process.env[SUPERVISOR] !== undefined && process.send !== undefined;
}

/**
 * Puts this process under its supervisor, which gets the signals: a native call may keep this one from hearing anything. The
 * terminal sends Ctrl-C to both, so it is ignored here.
 */
export function obeySupervisor(): void {
  // It was stopped before this process could hear of it.
  if (process.env[SUPERVISOR] !== String(process.ppid)) process.exit(CODES.SIGTERM);
  delete process.env[SUPERVISOR];
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  const say = (said: Said): void => {
    if (process.connected) process.send?.(said);
  };
  leaveSignals((isGentle) => say({ kind: "gentle", isGentle }));
  setJanitor((change) => say({ kind: "temporary", change }));
  process.on("message", ({ signal }: PassedOn) => {
    say({ kind: "heard" });
    obey(signal);
  });
  // The channel must not keep the command alive.
  process.channel?.unref();
  watchOverParent();
}
