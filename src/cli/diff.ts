import type { Command } from "commander";
import { diffModels } from "../diff/diff-models.js";
import { loadInput } from "../job/files.js";
import { recordFiles } from "../job/record.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { DIFF, DIFF_COMMAND, DIFF_RUN } from "../options/commands.js";
import { LOAD, PRINTING } from "../options/common.js";
import { pick } from "../options/validate.js";
import { diffText } from "../report/diff-text.js";
import { type Call, defineOptions } from "./define.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";

import { styleFor, write, writeDocument } from "./output.js";

export function defineDiff(command: Command): void {
  defineOptions(command, DIFF_COMMAND, diffCommand);
}

async function diffCommand({ args: [first = "", second = ""], given }: Call): Promise<void> {
  const { json, quiet } = pick(PRINTING, given);
  if (first === STANDARD ? second === STANDARD : isSameFile(first, second))
    throw errors.modelsAreOneFile(second);
  const a = await loadInput(first, pick(LOAD, given));
  const b = await loadInput(second, pick(LOAD, given));
  const diff = diffModels(a.model, b.model, pick(DIFF, given));
  if (!diff.same) process.exitCode = EXIT.check;
  if (json) {
    const [before, after] = [await recordFiles(a.file), await recordFiles(b.file)];
    return await writeDocument("diff", { before, after, diff });
  }
  if (quiet) return;
  const { all = false } = pick(DIFF_RUN, given);
  await write(diffText({ before: a.file, after: b.file, diff }, { style: styleFor("stdout"), all }));
}
