import type { CheckReport } from "../runtime/check-report.js";
import { errors } from "./errors.js";

/** Throws "check" or "unsupported" for a result that the check did not prove, so that it is not written. */
export function assertProven(check: CheckReport, file: string): void {
  const reason = check.reason ?? "no reason is known";
  if (check.status === "differs") throw errors.outputsDiffer(reason).at({ file });
  if (check.status === "unchecked") throw errors.outputsAreUnchecked(reason).at({ file });
}
