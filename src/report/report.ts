import type { AccuracyReport } from "../accuracy.js";
import type { RolledBack } from "../optimize.js";
import type { RefusalRecord, RewriteRecord } from "../rewrite/pass.js";
import type { CheckReport } from "../runtime/check-report.js";
import type { ModelSummary } from "./summary.js";

/** Everything `optimize` has to say, as plain data: what the CLI prints and --json writes. */
export interface OptimizeReport {
  readonly before: ModelSummary;
  readonly after: ModelSummary;
  /** In the order they were made. */
  readonly rewrites: readonly RewriteRecord[];
  /** What was left alone at the end, and why. */
  readonly refusals: readonly RefusalRecord[];
  /** Rewrites that changed the outputs and were undone. */
  readonly rolledBack: readonly RolledBack[];
  /** Rounds of the pipeline until nothing changed. */
  readonly rounds: number;
  /** undefined: no check was asked for. */
  readonly check: CheckReport | undefined;
  /** How far original and result are from the real function, where it was asked for. */
  readonly accuracy?: AccuracyReport;
}

/** A file as the user named it, and all its bytes, external data included. */
export interface FileSize {
  readonly path: string;
  readonly bytes: number;
}

/** One run of `normfold optimize`: what --json writes and the terminal shows. */
export interface OptimizeRun {
  readonly input: FileSize;
  readonly output: FileSize & { readonly files: readonly FileSize[] };
  /** Milliseconds by stage, in the order they began. */
  readonly time: Readonly<Record<string, number>>;
  readonly report: OptimizeReport;
}
