import { type FoundModel, findModels } from "../batch/find-models.js";
import { planOutputs, resultsOf } from "../batch/plan.js";
import { findConfig } from "../config/find-config.js";
import { type LoadedConfig, loadConfig } from "../config/load-config.js";
import { type ResolvedRun, resolveRun } from "../config/resolve.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { CONFIGURE } from "../options/configure.js";
import { pick } from "../options/validate.js";
import type { Call, Given } from "./define.js";
import { errors } from "./errors.js";

/** What the command line and the configuration lead to. */
export interface OptimizePlan {
  readonly run: ResolvedRun;
  readonly models: readonly FoundModel[];
  /** The folders that were looked through. */
  readonly folders: readonly string[];
  /** The one file that was named, if its result has a place of its own. */
  readonly only: string | undefined;
  /** The configuration, if there is one. */
  readonly config: LoadedConfig | undefined;
}

/** Finds the models and what is to be done with them. `version` tells a configuration that has changed from the one before. */
export async function planOptimize({ args, given }: Call, version?: string): Promise<OptimizePlan> {
  const config = await configuration(given, version);
  const run = await resolveRun(args, given, config);
  if (run.inputs.length === 0) throw errors.argumentIsMissing("<models...>", "normfold optimize <models...>");
  const { outDir, name } = run.destination;
  const { models, folders, isOneFile } = await findModels(run.inputs, resultsOf(run.destination));
  const only = isOneFile && outDir === undefined && name === undefined ? models[0]?.path : undefined;
  return { run, models, folders, only, config };
}

/** The jobs for several models. Throws NormfoldError "usage" before any work. */
export function jobsOf({ run, models }: OptimizePlan): readonly OptimizeFileJob[] {
  const { destination, plugins, optionsFor } = run;
  return planOutputs(models, destination).map((planned) => {
    return { ...planned, options: optionsFor(planned.input), plugins };
  });
}

/** The configuration that the command line names, or that is in the current folder. */
async function configuration(given: Given, version?: string): Promise<LoadedConfig | undefined> {
  const { configFile, configuration: isWanted = true } = pick(CONFIGURE, given);
  if (!isWanted) return undefined;
  const path = findConfig(process.cwd(), configFile);
  return path === undefined ? undefined : await loadConfig(path, version);
}
