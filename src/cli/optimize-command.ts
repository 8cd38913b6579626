import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { findModels } from "../batch/find-models.js";
import { planOutputs, resultsOf } from "../batch/plan.js";
import { STANDARD } from "../node/paths.js";
import { PRINTING, TARGET } from "../options/common.js";
import { MANY } from "../options/many.js";
import { CHECK_INPUTS, OPTIMIZE_COMMAND, OPTIMIZE_FILE, OPTIMIZE_RUN } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { assertApart, assertTarget } from "./files.js";
import { optimizeMany } from "./optimize-many.js";

export function defineOptimize(command: Command): void {
  defineOptions(command, OPTIMIZE_COMMAND, optimizeCommand);
}

async function optimizeCommand({ args, given }: Call): Promise<void> {
  const { outDir, name, watch } = pick(MANY, given);
  const { outputFile } = pick(TARGET, given);
  const { inPlace } = pick(OPTIMIZE_RUN, given);
  const destination = defined({ outDir, name, inPlace, outputFile });
  const { models, isOneFile } = await findModels(args, resultsOf(destination));
  if (isOneFile && outDir === undefined && name === undefined && !watch) {
    const [path = ""] = args;
    const target = targetOf(path, given);
    const { assertPasses, optimizeOne } = await import("./inference-commands.js");
    assertPasses(given);
    return await optimizeOne(path, target, given);
  }
  const options = pick(OPTIMIZE_FILE, given);
  const jobs = planOutputs(models, destination).map((planned) => ({ ...planned, options }));
  if (given["passes"] !== undefined || given["skip"] !== undefined) {
    const { assertPasses } = await import("./inference-commands.js");
    assertPasses(given);
  }
  const processors = availableParallelism();
  await optimizeMany(jobs, {
    processors,
    workers: pick(MANY, given).jobs ?? processors,
    ...pick(PRINTING, given),
  });
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
