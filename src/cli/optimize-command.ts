import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { ResultCache } from "../cache/result-cache.js";
import type { ResolvedRun } from "../config/resolve.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { STANDARD } from "../node/paths.js";
import { PRINTING, REPORTING, TARGET } from "../options/common.js";
import { CACHE, MANY } from "../options/many.js";
import { CHECK_INPUTS, OPTIMIZE_COMMAND, OPTIMIZE_RUN } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { assertApart, assertTarget } from "./files.js";
import { noteTrouble } from "./left.js";
import { optimizeMany } from "./optimize-many.js";
import { jobsOf, planOptimize } from "./optimize-plan.js";
import { watchModels } from "./optimize-watch.js";
import { type Printing, printRun } from "./print-run.js";
import { assertReportsWritable, reportingOf } from "./reporting.js";

export function defineOptimize(command: Command): void {
  defineOptions(command, OPTIMIZE_COMMAND, optimizeCommand);
}

async function optimizeCommand(call: Call): Promise<void> {
  const { given } = call;
  const { watch = false } = pick(MANY, given);
  const reporting = reportingOf({ ...pick(PRINTING, given), ...pick(REPORTING, given) });
  assertReportsWritable(reporting);
  const printing = { ...pick(PRINTING, given), json: reporting.needsDocument, reporting };
  const plan = await planOptimize(call);
  const { run, only } = plan;
  if (only !== undefined && !watch) {
    const options = run.optionsFor(only);
    const output = targetOf(only, { ...given, ...options });
    return await optimizeNamed({ input: only, output, options, plugins: run.plugins }, run, printing);
  }
  const processors = availableParallelism();
  const settings = { processors, workers: run.jobs ?? processors, ...printing, ...cacheOf(run) };
  if (watch) return await watchModels(call, plan, settings);
  await optimizeMany(jobsOf(plan), settings);
}

/** One model, whose whole account is printed. */
async function optimizeNamed(job: OptimizeFileJob, run: ResolvedRun, printing: Printing): Promise<void> {
  const started = performance.now();
  const { cache, cacheLimit } = cacheOf(run);
  const { json = false } = printing;
  const store =
    cache === undefined
      ? undefined
      : new ResultCache(cache, [job], { limit: cacheLimit, script: SCRIPT, wantsRuns: true });
  const found = await store?.find(job);
  if (typeof found === "object" && found.status === "optimized" && found.run !== undefined) {
    await store?.close();
    const ms = Math.round(1000 * (performance.now() - started)) / 1000;
    const known = { ...found.run, time: { cache: ms }, cached: true } as const;
    return await printRun(known, json ? found.files : undefined, job, printing);
  }
  const { assertPasses, optimizeOne } = await import("./inference-commands.js");
  await assertPasses(job);
  await optimizeOne(job, printing, typeof found === "function" ? found : undefined);
  await noteTrouble(await store?.close(), printing);
}

const SCRIPT = process.argv[1] ?? "";

function cacheOf({ cache, cacheLimit = CACHE.cacheLimit.default }: ResolvedRun): {
  readonly cache?: string;
  readonly cacheLimit: number;
} {
  return { cacheLimit, ...defined({ cache }) };
}

/** The file to write to, or "-". Throws "usage" where the flags do not say, and "io" where it cannot be written. */
function targetOf(input: string, given: Given): string {
  const { outputFile } = pick(TARGET, given);
  const { inPlace, externalData } = pick(OPTIMIZE_RUN, given);
  if (outputFile !== undefined && inPlace) throw errors.targetIsGivenTwice();
  if (inPlace && input === STANDARD) throw errors.standardInputIsNoOutput();
  const reporting = reportingOf({ ...pick(PRINTING, given), ...pick(REPORTING, given) });
  const json = reporting.takesStdout;
  const target = assertTarget(input, inPlace ? input : outputFile, {
    json,
    flags: "--output <file> or --in-place",
    mayBeInput: inPlace ?? false,
    wayOut: "give --in-place to write over it",
  });
  assertApart(
    [target, ...reporting.reporters.map(({ file }) => file)],
    [pick(CHECK_INPUTS, given).checkInputs],
  );
  if (target === STANDARD && externalData !== undefined) throw errors.standardOutputHasNoDataFile();
  return target;
}
