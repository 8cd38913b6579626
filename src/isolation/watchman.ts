import type { Limits, Watch } from "./messages.js";

/**
 * Whether the process of the runtime is watched from outside: where a shell and the memory of other processes are at hand. Elsewhere
 * a thread of the process watches.
 */
export const IS_WATCHED_FROM_OUTSIDE: boolean = process.platform === "linux";

/** Whoever ends the process of the runtime when a limit is passed or this process has gone, whatever the other one does then. */
export interface Watchman {
  /** The limit that was passed. */
  readonly passed: "time" | "memory" | undefined;
  /** A call begins. */
  begin(limits: Limits): void;
  /** The call has ended. */
  end(): void;
  /** Files are to be removed when this process has gone, or no longer. */
  tell(change: Watch): void;
  /** Nothing is to be watched any more. */
  close(): void;
}
