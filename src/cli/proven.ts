import { NormfoldError } from "../base/errors.js";
import type { CheckReport } from "../index.js";

/** Nothing is written that was to be proven and is not: throws "check" or "unsupported". */
export function assertProven(check: CheckReport, file: string): void {
  const reason = check.reason ?? "no reason is known";
  if (check.status === "differs") {
    throw new NormfoldError("check", `${reason}; nothing was written`, { file });
  }
  if (check.status === "unchecked") {
    throw new NormfoldError(
      "unsupported",
      `unchecked: ${reason}; nothing was written, --no-check writes it`,
      { file },
    );
  }
}
