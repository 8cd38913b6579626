import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { packError } from "../base/error-record.js";
import { defined } from "../base/optional.js";
import type { OptimizedFile, OptimizeFileJob } from "../job/optimize-file.js";
import { guarded } from "../node/guarded.js";
import { memoryForWork, predictMemory } from "./memory.js";
import { figuresOf, type ModelOutcome } from "./outcome.js";
import { runScheduled } from "./schedule.js";
import { WorkerPool } from "./worker-pool.js";

/** How many models are worked on, and by what. */
export interface BatchOptions {
  /** Worker processes at most. */
  readonly workers: number;
  /** Processors, which the workers share. */
  readonly processors: number;
  /** The program of the workers. */
  readonly script: string;
  /** Keep the whole account of each model, not only the figures. */
  readonly keepRuns: boolean;
  /** Results of earlier runs. */
  readonly store?: ResultStore;
  /** Hears of each outcome as it comes. */
  readonly onOutcome?: (outcome: ModelOutcome, left: readonly string[]) => void;
  /** Called before anything is started, unless all results are known; what it throws concerns all jobs. */
  readonly onWork?: () => Promise<void>;
  /** Is given a call that ends all workers at once, for a process that is told to end. */
  readonly onStart?: (kill: () => void) => void;
}

/** Results of earlier runs. */
export interface ResultStore {
  /**
   * The outcome of a job that has been done before; its result is in its place then. Otherwise a call that keeps the result, once
   * the job is done.
   */
  find(job: OptimizeFileJob): Promise<ModelOutcome | ((result: OptimizedFile) => Promise<void>)>;
}

/**
 * Optimizes models, several at once, each in a worker process; a model that fails stops no other. Gives the outcomes in the order of
 * the jobs. Rejects only for what concerns all of them.
 */
export async function runBatch(
  jobs: readonly OptimizeFileJob[],
  options: BatchOptions,
): Promise<readonly ModelOutcome[]> {
  const outcomes = new Map<OptimizeFileJob, ModelOutcome>();
  const settle = (job: OptimizeFileJob, outcome: ModelOutcome, left: readonly string[] = []): void => {
    outcomes.set(job, outcome);
    options.onOutcome?.(outcome, left);
  };
  const open: { readonly job: OptimizeFileJob; readonly keep?: (result: OptimizedFile) => Promise<void> }[] =
    [];
  for (const job of jobs) {
    const found = await options.store?.find(job).catch((error) => failedModel(job, error));
    if (found === undefined) open.push({ job });
    else if (typeof found === "function") open.push({ job, keep: found });
    else settle(job, found);
  }
  if (open.length > 0) await options.onWork?.();
  const workers = Math.min(options.workers, open.length);
  const threads = Math.max(1, Math.floor(options.processors / Math.max(1, workers)));
  const pool = new WorkerPool({ script: options.script, threads });
  options.onStart?.(() => pool.kill());
  const folders = new Set<string>();
  try {
    await runScheduled(
      open.map(({ job }) => predictMemory(job.input)),
      { workers, bytes: memoryForWork() },
      async (task) => {
        const { job, keep } = open[task] ?? {};
        if (job === undefined) return;
        try {
          makeFolder(dirname(job.output), folders);
          const result = await pool.run(job);
          // A result that misses its budget is none.
          if (result.run.budget?.met !== false) await keep?.(result);
          settle(job, doneModel(job, result, options.keepRuns), result.left);
        } catch (error) {
          settle(job, failedModel(job, error));
        }
      },
    );
  } finally {
    await pool.close();
  }
  return jobs.flatMap((job) => outcomes.get(job) ?? []);
}

function makeFolder(folder: string, made: Set<string>): void {
  if (made.has(folder)) return;
  guarded(folder, "write", () => mkdirSync(folder, { recursive: true }));
  made.add(folder);
}

function doneModel(
  { input, output }: OptimizeFileJob,
  { run, files }: OptimizedFile,
  keepsRun: boolean,
): ModelOutcome {
  const status = run.budget?.met === false ? "missed" : "optimized";
  const { budget } = run;
  const figures = figuresOf(run);
  const base = { status, input, output, cached: false, figures, ...defined({ budget }) } as const;
  return keepsRun ? { ...base, run, ...defined({ files }) } : base;
}

/** The outcome of a model whose work threw. */
export function failedModel({ input, output }: OptimizeFileJob, error: unknown): ModelOutcome {
  return { status: "failed", input, output, error: packError(error) };
}
