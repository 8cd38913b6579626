import { present } from "../base/assert.js";
import { unpackError } from "../base/error-record.js";
import { defined } from "../base/optional.js";
import { plural } from "../base/plural.js";
import { type BatchSummary, type ModelOutcome, summarizeBatch } from "../batch/outcome.js";
import { runBatch } from "../batch/run-batch.js";
import { ResultCache } from "../cache/result-cache.js";
import type { Content, OptimizeRecord } from "../contract/documents.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { recordRun } from "../job/record.js";
import { whileWaiting } from "../node/interrupt.js";
import { batchText } from "../report/batch-text.js";
import { missedText } from "../report/budget-text.js";
import { errors } from "./errors.js";
import { EXIT, onInterrupt } from "./exit.js";
import { errorRecord, printError } from "./failure.js";
import { noteLeft, noteTrouble } from "./left.js";
import { documentOf } from "./output.js";
import { createProgress } from "./progress.js";
import { type Reporting, sendDocument, sendText } from "./reporting.js";

/** How many models are optimized, and how that is shown. */
export interface ManyOptions {
  readonly workers: number;
  readonly processors: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly reporting: Reporting;
  /** The folder of results of earlier runs, and the bytes that they may take. */
  readonly cache?: string;
  readonly cacheLimit: number;
  /** Results of earlier runs have been shown. Default false. */
  readonly isAgain?: boolean;
}

/** Optimizes many models and prints one table, or one JSON document; the exit code is the highest of all models'. */
export async function optimizeMany(jobs: readonly OptimizeFileJob[], options: ManyOptions): Promise<void> {
  const { processors, json = false, quiet = false, cache, cacheLimit: limit } = options;
  // What is measured beside other work is measured wrong.
  const workers = jobs.some((job) => job.options.time) ? 1 : options.workers;
  const script = process.argv[1] ?? "";
  const store =
    cache === undefined ? undefined : new ResultCache(cache, jobs, { limit, script, wantsRuns: json });
  const started = performance.now();
  const progress = await createProgress(!quiet);
  const left: string[] = [];
  let [done, failed] = [0, 0];
  let outcomes: readonly ModelOutcome[];
  try {
    progress.show(`0 of ${plural(jobs.length, "model")}`);
    const run = runBatch(
      jobs.map((job) => ({ ...job, isRecorded: json })),
      {
        workers,
        processors,
        script,
        keepRuns: json,
        ...defined({ store }),
        onWork: () => assertAllPasses(jobs),
        onStart: endOnInterrupt,
        onOutcome: (outcome, files) => {
          done++;
          if (outcome.status === "failed") failed++;
          left.push(...files);
          const failures = failed === 0 ? "" : `, ${failed} failed`;
          progress.show(`${done} of ${plural(jobs.length, "model")}${failures}`);
        },
      },
    );
    outcomes = await whileWaiting(() => run);
  } finally {
    progress.stop();
  }
  if (store) await noteTrouble(await store.close(), options);
  const summary = summarizeBatch(outcomes, performance.now() - started);
  const exitCode = exitCodeOf(outcomes);
  process.exitCode = exitCode;
  const { reporting } = options;
  if (json) await sendDocument(reporting, documentOf("optimize", batchRecord(outcomes, summary, exitCode)));
  // A document says all that stands in the errors.
  if (json && !reporting.hasText) return;
  const shown = options.isAgain
    ? outcomes.filter((each) => each.status === "failed" || !each.cached)
    : outcomes;
  await sendText(reporting, "stdout", (style) => batchText(shown, summary, style));
  for (const [index, outcome] of outcomes.entries()) {
    const isWritten = jobs[index]?.options.writeOverBudget === true;
    if (outcome.status === "failed") await printError(unpackError(outcome.error));
    else if (quiet && outcome.budget?.met === false)
      await printError(
        errors.budgetIsMissed(missedText(outcome.budget), isWritten).at({ file: outcome.input }),
      );
  }
  if (!quiet) await noteLeft(left);
}

/** The outcomes as documents have them. */
function batchRecord(
  outcomes: readonly ModelOutcome[],
  { ms, ...sums }: BatchSummary,
  exitCode: number,
): Content<"optimize"> {
  const runs = outcomes.map((outcome): OptimizeRecord => {
    const { status, input } = outcome;
    if (status === "failed") return { status, input: { path: input }, error: errorRecord(outcome.error) };
    const { run, files, cached } = outcome;
    return recordRun(present(run, "it was kept"), present(files, "they were recorded"), cached);
  });
  return { runs, summary: { ...sums, seconds: ms / 1000 }, exitCode };
}

function exitCodeOf(outcomes: readonly ModelOutcome[]): number {
  const codes = outcomes.map((outcome) =>
    outcome.status === "failed" ? EXIT[outcome.error.code] : outcome.status === "missed" ? EXIT.check : 0,
  );
  return Math.max(0, ...codes);
}

/** Jobs that name no passes have none that could be unknown; then nothing of the optimizer is loaded here. */
async function assertAllPasses(jobs: readonly OptimizeFileJob[]): Promise<void> {
  const named = jobs.filter(
    ({ options: { passes, skip }, plugins = [] }) => passes || skip || plugins.length > 0,
  );
  if (named.length === 0) return;
  const { assertPasses } = await import("./inference-commands.js");
  const seen = new Set<string>();
  for (const job of named) {
    const key = JSON.stringify([job.options.passes, job.options.skip]);
    if (!seen.has(key)) await assertPasses(job);
    seen.add(key);
  }
}

let end = (): void => {};
let isListening = false;

/** Has the workers of the run that is under way end with this process. */
function endOnInterrupt(kill: () => void): void {
  end = kill;
  if (!isListening) onInterrupt(() => end());
  isListening = true;
}
