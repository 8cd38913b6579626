import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { findModels } from "../batch/find-models.js";
import { planOutputs, resultsOf } from "../batch/plan.js";
import { ResultCache } from "../cache/result-cache.js";
import { findConfig } from "../config/find-config.js";
import { type LoadedConfig, loadConfig } from "../config/load-config.js";
import { type ResolvedRun, resolveRun } from "../config/resolve.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { STANDARD } from "../node/paths.js";
import { PRINTING, TARGET } from "../options/common.js";
import { CONFIGURE } from "../options/configure.js";
import { CACHE } from "../options/many.js";
import { CHECK_INPUTS, OPTIMIZE_COMMAND, OPTIMIZE_RUN } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { assertApart, assertTarget } from "./files.js";
import { noteTrouble } from "./left.js";
import { optimizeMany } from "./optimize-many.js";
import { type Printing, printRun } from "./print-run.js";

export function defineOptimize(command: Command): void {
  defineOptions(command, OPTIMIZE_COMMAND, optimizeCommand);
}

async function optimizeCommand({ args, given }: Call): Promise<void> {
  const run = await resolveRun(args, given, await configuration(given));
  if (run.inputs.length === 0) throw errors.argumentIsMissing("<models...>", "normfold optimize <models...>");
  const { destination, plugins, optionsFor } = run;
  const { models, isOneFile } = await findModels(run.inputs, resultsOf(destination));
  const printing = pick(PRINTING, given);
  const [first] = models;
  if (
    isOneFile &&
    first !== undefined &&
    destination.outDir === undefined &&
    destination.name === undefined
  ) {
    const { path } = first;
    const options = optionsFor(path);
    const job = { input: path, output: targetOf(path, { ...given, ...options }), options, plugins };
    return await optimizeNamed(job, run, printing);
  }
  const jobs = planOutputs(models, destination).map((planned) => {
    return { ...planned, options: optionsFor(planned.input), plugins };
  });
  const processors = availableParallelism();
  await optimizeMany(jobs, { processors, workers: run.jobs ?? processors, ...printing, ...cacheOf(run) });
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
    store?.close();
    const ms = Math.round(1000 * (performance.now() - started)) / 1000;
    const known = { ...found.run, time: { cache: ms }, cached: true } as const;
    return await printRun(known, json ? found.files : undefined, job, printing);
  }
  const { assertPasses, optimizeOne } = await import("./inference-commands.js");
  await assertPasses(job);
  await optimizeOne(job, printing, typeof found === "function" ? found : undefined);
  await noteTrouble(store?.close(), printing);
}

const SCRIPT = process.argv[1] ?? "";

function cacheOf({ cache, cacheLimit = CACHE.cacheLimit.default }: ResolvedRun): {
  readonly cache?: string;
  readonly cacheLimit: number;
} {
  return { cacheLimit, ...defined({ cache }) };
}

/** The configuration that the command line names, or that is in the current folder. */
async function configuration(given: Given): Promise<LoadedConfig | undefined> {
  const { configFile, configuration: isWanted = true } = pick(CONFIGURE, given);
  if (!isWanted) return undefined;
  const path = findConfig(process.cwd(), configFile);
  return path === undefined ? undefined : await loadConfig(path);
}

/** The file to write to, or "-". Throws "usage" where the flags do not say, and "io" where it cannot be written. */
function targetOf(input: string, given: Given): string {
  const { outputFile } = pick(TARGET, given);
  const { inPlace, externalData } = pick(OPTIMIZE_RUN, given);
  if (outputFile !== undefined && inPlace) throw errors.targetIsGivenTwice();
  if (inPlace && input === STANDARD) throw errors.standardInputIsNoOutput();
  const json = pick(PRINTING, given).json ?? false;
  const target = assertTarget(input, inPlace ? input : outputFile, {
    json,
    flags: "--output <file> or --in-place",
    mayBeInput: inPlace ?? false,
    wayOut: "give --in-place to write over it",
  });
  assertApart([target], [pick(CHECK_INPUTS, given).checkInputs]);
  if (target === STANDARD && externalData !== undefined) throw errors.standardOutputHasNoDataFile();
  return target;
}
