import { tmpdir } from "node:os";
import { resolve, sep } from "node:path";
import { isPattern } from "../batch/glob.js";
import { stateOf, untilSettled, type Watched } from "../batch/watch.js";
import { findConfig } from "../config/find-config.js";
import { whileWaiting } from "../node/interrupt.js";
import { makeTemporaryFolder, removeTemporaryFiles } from "../node/temporary.js";
import { CONFIGURE } from "../options/configure.js";
import { pick } from "../options/validate.js";
import type { Call } from "./define.js";
import { onInterrupt } from "./exit.js";
import { printError, toNormfoldError } from "./failure.js";
import { optimizeMany } from "./optimize-many.js";
import { jobsOf, type OptimizePlan, planOptimize } from "./optimize-plan.js";
import { styleFor, write } from "./output.js";
import type { Printing } from "./print-run.js";

/** What every run has. */
interface WatchOptions extends Printing {
  readonly cacheLimit: number;
  readonly cache?: string;
  readonly processors: number;
  readonly workers: number;
}

/**
 * Optimizes, and again whenever a file that matters has changed, until it is interrupted. Results are kept between runs, so that each
 * works on what has changed only, whatever that is: a model, its data, the configuration, a plugin. A fault is printed, and the
 * next change tried.
 */
export async function watchModels(call: Call, first: OptimizePlan, options: WatchOptions): Promise<void> {
  onInterrupt(removeTemporaryFiles);
  const cache = options.cache ?? makeTemporaryFolder(tmpdir());
  let plan = first;
  let last = first;
  for (let round = 1; ; round++) {
    const before = stateOf(watchedBy(call, plan, cache));
    try {
      if (round > 1) plan = await planOptimize(call, String(round));
      await optimizeMany(jobsOf(plan), { ...options, cache, isAgain: round > 1 });
    } catch (error) {
      await printError(toNormfoldError(error));
    }
    if (!options.quiet) await write(`${styleFor("stdout").dim("waiting for changes; Ctrl-C ends it")}\n`);
    // What changed while the run went on is a change, but not that there is more to look at.
    const watched = watchedBy(call, plan, cache);
    const start = round === 1 || plan === last ? before : stateOf(watched);
    last = plan;
    await whileWaiting(() => untilSettled(start, () => stateOf(watched)));
  }
}

/** The files that a plan rests on, and not those that its runs write. */
function watchedBy({ given }: Call, plan: OptimizePlan, cache: string): Watched {
  const { run, models, folders, config } = plan;
  const jobs = quiet(() => jobsOf(plan)) ?? [];
  const outputs = new Set(jobs.map(({ output }) => resolve(output)));
  const kept = resolve(cache) + sep;
  const named = run.inputs.filter((word) => !isPattern(word) && !folders.includes(word));
  const { configFile } = pick(CONFIGURE, given);
  const configPath = config?.path ?? quiet(() => findConfig(process.cwd(), configFile));
  const data = models.map(({ path }) => run.optionsFor(path).checkInputs);
  const others = [...new Set(data), configPath, ...run.plugins.map(({ path }) => path)];
  return {
    folders,
    files: [...named, ...others.filter((path) => path !== undefined)],
    isOwn: (path) => {
      const full = resolve(path);
      return outputs.has(full) || outputs.has(full.replace(/\.data$/, "")) || full.startsWith(kept);
    },
  };
}

function quiet<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    // A run says what is wrong.
    return undefined;
  }
}
