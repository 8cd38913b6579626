import type { Command } from "commander";
import { forModel, loadInput } from "../job/files.js";
import { recordFiles } from "../job/record.js";
import { FREEZE_COMMAND } from "../options/commands.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { pick } from "../options/validate.js";
import { freezeText } from "../report/freeze-text.js";
import { freeze } from "../train.js";
import { type Call, defineOptions } from "./define.js";
import { assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { saveResult } from "./save-result.js";

export function defineFreeze(command: Command): void {
  defineOptions(command, FREEZE_COMMAND, freezeCommand);
}

async function freezeCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet } = pick(PRINTING, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  await removeTemporariesOnInterrupt();
  const input = await loadInput(path, pick(LOAD, given), target);
  const { model, report } = await forModel(input.file.path, () => freeze(input.model));
  const output = await saveResult(model, target, quiet);
  if (json) {
    const files = { input: await recordFiles(input.file), output: await recordFiles(output) };
    return await writeDocument("freeze", { ...files, report });
  }
  if (quiet) return;
  const channel = channelOf(target);
  await write(freezeText({ input: input.file, output, report }, styleFor(channel)), channel);
}
