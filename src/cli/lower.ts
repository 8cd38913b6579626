import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { forModel, loadInput } from "../job/files.js";
import { recordFiles } from "../job/record.js";
import { LOWER, LOWER_COMMAND, LOWER_RUN } from "../options/commands.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { pick } from "../options/validate.js";
import { lowerText } from "../report/lower-text.js";
import { lower } from "../train.js";
import { type Call, defineOptions } from "./define.js";
import { assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { saveResult } from "./save-result.js";

export function defineLower(command: Command): void {
  defineOptions(command, LOWER_COMMAND, lowerCommand);
}

async function lowerCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet } = pick(PRINTING, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  await removeTemporariesOnInterrupt();
  const input = await loadInput(path, pick(LOAD, given), target);
  const { check } = pick(LOWER, given);
  const { trainingInfo: nth } = pick(LOWER_RUN, given);
  const trainingInfo = typeof nth === "number" ? nth - 1 : nth === true ? 0 : undefined;
  const { model, report } = await forModel(input.file.path, () =>
    lower(input.model, defined({ trainingInfo, check })),
  );
  const output = await saveResult(model, target, quiet);
  const run = { input: input.file, output, ...report };
  if (json) {
    const files = { input: await recordFiles(input.file), output: await recordFiles(output) };
    return await writeDocument("lower", { ...files, ...report });
  }
  if (quiet) return;
  const channel = channelOf(target);
  const isPassedOver = trainingInfo === undefined && input.model.trainingInfo.length > 0;
  await write(lowerText({ ...run, isPassedOver }, styleFor(channel)), channel);
}
