import type { Command } from "commander";
import { forModel, loadInput } from "../job/files.js";
import { recordFiles } from "../job/record.js";
import { PREPARE, PREPARE_COMMAND } from "../options/commands.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { pick } from "../options/validate.js";
import { prepareText } from "../report/prepare-text.js";
import { prepare } from "../train.js";
import { type Call, defineOptions } from "./define.js";
import { assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { saveResult } from "./save-result.js";

export function definePrepare(command: Command): void {
  defineOptions(command, PREPARE_COMMAND, prepareCommand);
}

async function prepareCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet } = pick(PRINTING, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  await removeTemporariesOnInterrupt();
  const input = await loadInput(path, pick(LOAD, given), target);
  const { recipe = "batchnorm-paper", ...options } = pick(PREPARE, given);
  const { model, report } = await forModel(input.file.path, () => prepare(input.model, recipe, options));
  const output = await saveResult(model, target, quiet);
  if (json) {
    const files = { input: await recordFiles(input.file), output: await recordFiles(output) };
    return await writeDocument("prepare", { ...files, report });
  }
  if (quiet) return;
  const channel = channelOf(target);
  await write(prepareText({ input: input.file, output, report }, styleFor(channel)), channel);
}
