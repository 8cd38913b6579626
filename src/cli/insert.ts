import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { forModel, type LoadedModel, loadInput } from "../job/files.js";
import { assertProven } from "../job/proven.js";
import { recordFiles, secondsOf } from "../job/record.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { DATA, DRAWING, LIMIT, PREPARATION } from "../options/data.js";
import { INSERT, INSERT_COMMAND, INSERT_RUN, SITES } from "../options/insert.js";
import { pick, settle } from "../options/validate.js";
import { insertText } from "../report/insert-text.js";
import { progressText } from "../report/progress-text.js";
import { type InsertReport, insertBatchNorm } from "../train.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { assertApart, assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { openDataFor } from "./open-data.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";
import { saveResult } from "./save-result.js";

export function defineInsert(command: Command): void {
  defineOptions(command, INSERT_COMMAND, insertCommand);
}

async function insertCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  const { outputFile } = pick(TARGET, given);
  const { dryRun = false } = pick(INSERT, given);
  const target = dryRun ? undefined : assertTarget(path, outputFile, { json });
  const { data, labels } = { ...pick(DATA, given), ...pick(PREPARATION, given) };
  assertApart([target], [data, labels]);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, pick(LOAD, given), target);
    const { model, report } = await insert(input, given, (text) => stages.enter("insert", text));
    if (report.check !== undefined) assertProven(report.check, input.file.path);
    if (target !== undefined && report.sites.length === 0)
      throw errors.noPlaceForNormalization().at({ file: input.file.path });
    stages.enter("write", "writing");
    const output = target === undefined ? undefined : await saveResult(model, target, quiet);
    const time = stages.finish();
    if (json) {
      const files = {
        input: await recordFiles(input.file),
        ...(output === undefined ? {} : { output: await recordFiles(output) }),
      };
      return await writeDocument("insert", { ...files, secondsByStage: secondsOf(time), report });
    }
    if (quiet) return;
    const channel = channelOf(target);
    await write(insertText({ input: input.file, output, report }, styleFor(channel)), channel);
  } finally {
    stages.finish();
  }
}

async function insert(
  { model, file }: LoadedModel,
  given: Given,
  show: (text: string) => void,
): Promise<{ readonly model: LoadedModel["model"]; readonly report: InsertReport }> {
  const { data: path } = pick(DATA, given);
  const data = path === undefined ? undefined : await openDataFor(model, path, given);
  const started = performance.now();
  show("inserting");
  try {
    return await forModel(file.path, () =>
      insertBatchNorm(model, {
        ...pick(INSERT, given),
        ...pick(SITES, given),
        ...pick(DRAWING, given),
        ...pick(LIMIT, given),
        outputs: settle(INSERT_RUN, given).sites === "all",
        onProgress: ({ samples, total }) =>
          show(progressText("measuring", samples, total, performance.now() - started)),
        ...defined({ data }),
      }),
    );
  } finally {
    await data?.close();
  }
}
