import type { Watch } from "../isolation/messages.js";
import type { StopSignal } from "../node/interrupt.js";

/** The environment variable in which a supervisor writes its process number. */
export const SUPERVISOR = "NORMFOLD_SUPERVISOR";

/** What a supervised command says to its supervisor. */
export type Said =
  /** Whether the first Ctrl-C would end the work cleanly. */
  | { readonly kind: "gentle"; readonly isGentle: boolean }
  /** A Ctrl-C was heard, and the work ends cleanly. */
  | { readonly kind: "heard" }
  /** A temporary file or folder has come or gone. */
  | { readonly kind: "temporary"; readonly change: Watch };

/** A signal that a supervisor passes on. */
export interface PassedOn {
  readonly signal: StopSignal;
}
