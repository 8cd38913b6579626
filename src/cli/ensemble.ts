import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { type LoadedModel, loadInput } from "../job/files.js";
import { recordEach, recordFiles } from "../job/record.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { ENSEMBLE, ENSEMBLE_COMMAND, ENSEMBLE_RUN } from "../options/commands.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { pick, settle } from "../options/validate.js";
import { ensembleText } from "../report/ensemble-text.js";
import { buildEnsemble, proveEnsemble } from "../train.js";
import { type Call, defineOptions } from "./define.js";
import { errors } from "./errors.js";
import { assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { saveResult } from "./save-result.js";

export function defineEnsemble(command: Command): void {
  defineOptions(command, ENSEMBLE_COMMAND, ensembleCommand);
}

async function ensembleCommand({ args: paths, given }: Call): Promise<void> {
  const { json, quiet } = pick(PRINTING, given);
  const [first = ""] = paths;
  const target = assertTarget(first, pick(TARGET, given).outputFile, { json });
  const overwritten = paths.find((path) => target !== STANDARD && isSameFile(path, target));
  if (overwritten !== undefined) throw errors.targetIsOneOfTheModels(overwritten);
  await removeTemporariesOnInterrupt();
  const inputs: LoadedModel[] = [];
  for (const path of paths) inputs.push(await loadInput(path, pick(LOAD, given), target));
  const models = inputs.map(({ model }) => model);
  const options = pick(ENSEMBLE, given);
  const model = buildEnsemble(models, options);
  const proof = settle(ENSEMBLE_RUN, given).check ? await proveEnsemble(models, model, options) : undefined;
  const output = await saveResult(model, target, quiet);
  const nodes = model.graph.nodeCount;
  const run = { inputs: inputs.map(({ file }) => file), output, nodes, ...defined({ proof }) };
  if (json) {
    const members = await recordEach(inputs.map(({ file }) => file));
    return await writeDocument("ensemble", { ...run, inputs: members, output: await recordFiles(output) });
  }
  if (quiet) return;
  const channel = channelOf(target);
  await write(ensembleText(run, styleFor(channel)), channel);
}
