import type { CheckReport } from "../index.js";
import { errors } from "./errors.js";

/** Nothing is written that was to be proven and is not: throws "check" or "unsupported". */
export function assertProven(check: CheckReport, file: string): void {
  const reason = check.reason ?? "no reason is known";
  if (check.status === "differs") throw errors.outputsDiffer(reason).at({ file });
  if (check.status === "unchecked") throw errors.outputsAreUnchecked(reason).at({ file });
}
