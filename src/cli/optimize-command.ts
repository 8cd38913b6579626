import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { findModels } from "../batch/find-models.js";
import { planOutputs, resultsOf } from "../batch/plan.js";
import { findConfig } from "../config/find-config.js";
import { type LoadedConfig, loadConfig } from "../config/load-config.js";
import { resolveRun } from "../config/resolve.js";
import { STANDARD } from "../node/paths.js";
import { PRINTING, TARGET } from "../options/common.js";
import { CONFIGURE } from "../options/configure.js";
import { CHECK_INPUTS, OPTIMIZE_COMMAND, OPTIMIZE_RUN } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { assertApart, assertTarget } from "./files.js";
import { optimizeMany } from "./optimize-many.js";

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
    const { assertPasses, optimizeOne } = await import("./inference-commands.js");
    await assertPasses(job);
    return await optimizeOne(job, printing);
  }
  const jobs = planOutputs(models, destination).map((planned) => {
    return { ...planned, options: optionsFor(planned.input), plugins };
  });
  const processors = availableParallelism();
  await optimizeMany(jobs, { processors, workers: run.jobs ?? processors, ...printing });
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
