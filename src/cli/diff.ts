import type { Command } from "commander";
import { diffModels } from "../diff/diff-models.js";
import { loadInput } from "../job/files.js";
import { recordFiles } from "../job/record.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { DIFF, DIFF_COMMAND, DIFF_RUN } from "../options/commands.js";
import { LOAD, PRINTING, REPORTING } from "../options/common.js";
import { pick } from "../options/validate.js";
import { diffText } from "../report/diff-text.js";
import { type Call, defineOptions } from "./define.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";

import { assertApart } from "./files.js";
import { documentOf } from "./output.js";
import { assertReportsWritable, reportingOf, sendDocument, sendText } from "./reporting.js";

export function defineDiff(command: Command): void {
  defineOptions(command, DIFF_COMMAND, diffCommand);
}

async function diffCommand({ args: [first = "", second = ""], given }: Call): Promise<void> {
  const reporting = reportingOf({ ...pick(PRINTING, given), ...pick(REPORTING, given) });
  assertApart(assertReportsWritable(reporting), [first, second]);
  if (first === STANDARD ? second === STANDARD : isSameFile(first, second))
    throw errors.modelsAreOneFile(second);
  const a = await loadInput(first, pick(LOAD, given));
  const b = await loadInput(second, pick(LOAD, given));
  const diff = diffModels(a.model, b.model, pick(DIFF, given));
  if (!diff.same) process.exitCode = EXIT.check;
  if (reporting.needsDocument) {
    const [before, after] = [await recordFiles(a.file), await recordFiles(b.file)];
    await sendDocument(reporting, documentOf("diff", { before, after, diff }));
  }
  const { all = false } = pick(DIFF_RUN, given);
  await sendText(reporting, "stdout", (style) =>
    diffText({ before: a.file, after: b.file, diff }, { style, all }),
  );
}
