import type { ErrorRecord } from "../base/error-record.js";
import type { BudgetReport } from "../budget/budget.js";
import type { OptimizeRun } from "../job/optimize-file.js";
import type { RecordedFiles } from "../job/record.js";

/** What became of one model of several. */
export type ModelOutcome = DoneModel | FailedModel;

/** A model whose result is where it should be, or misses its budget. */
export interface DoneModel {
  readonly status: "optimized" | "missed";
  /** The model's file, as it was found. */
  readonly input: string;
  /** The result's file. */
  readonly output: string;
  /** The result was known from an earlier run. */
  readonly cached: boolean;
  readonly figures: Figures;
  /** What was wanted of it, and what was found; undefined where nothing was. */
  readonly budget?: BudgetReport;
  /** The whole account, where it was asked for. */
  readonly run?: OptimizeRun;
  /** The files with their hashes, where they were asked for. */
  readonly files?: RecordedFiles;
}

/** A model that has no result, and why. */
export interface FailedModel {
  readonly status: "failed";
  readonly input: string;
  readonly output: string;
  readonly error: ErrorRecord;
}

/** What a table shows of one model. */
export interface Figures {
  readonly nodes: Pair;
  /** Of the files, external data included. */
  readonly bytes: Pair;
  /** "none": it was not compared. */
  readonly check: "equal" | "none";
  /** Rewrites that were undone. */
  readonly undone: number;
  /** Milliseconds. */
  readonly ms: number;
}

/** A number of the original and of the result. */
export interface Pair {
  readonly before: number;
  readonly after: number;
}

/** What a run comes to. */
export interface BatchSummary {
  readonly models: number;
  readonly optimized: number;
  /** Those that miss their budget. */
  readonly missed: number;
  readonly failed: number;
  /** Of those that were optimized, results of an earlier run. */
  readonly cached: number;
  /** Of those that were optimized. */
  readonly nodes: Pair;
  readonly bytes: Pair;
  /** Milliseconds from the first to the last. */
  readonly ms: number;
}

/** The figures of one run. */
export function figuresOf({ input, output, time, report }: OptimizeRun): Figures {
  return {
    nodes: { before: report.before.nodes, after: report.after.nodes },
    bytes: { before: input.bytes, after: output.bytes },
    check: report.check === undefined ? "none" : "equal",
    undone: report.rolledBack.length,
    ms: Object.values(time).reduce((sum, ms) => sum + ms, 0),
  };
}

/** Adds up outcomes. */
export function summarizeBatch(outcomes: readonly ModelOutcome[], ms: number): BatchSummary {
  const done = outcomes.filter((outcome): outcome is DoneModel => outcome.status === "optimized");
  const pair = (of: (figures: Figures) => Pair): Pair => ({
    before: done.reduce((sum, { figures }) => sum + of(figures).before, 0),
    after: done.reduce((sum, { figures }) => sum + of(figures).after, 0),
  });
  return {
    models: outcomes.length,
    optimized: done.length,
    missed: outcomes.filter((outcome) => outcome.status === "missed").length,
    failed: outcomes.filter((outcome) => outcome.status === "failed").length,
    cached: done.filter(({ cached }) => cached).length,
    nodes: pair(({ nodes }) => nodes),
    bytes: pair(({ bytes }) => bytes),
    ms: Math.round(ms),
  };
}
