import type { Command } from "commander";
import { calibrationRecord } from "../contract/calibration-record.js";
import { forModel, type LoadedModel, loadInput } from "../job/files.js";
import { recordFiles, secondsOf } from "../job/record.js";
import { CALIBRATE, CALIBRATE_COMMAND } from "../options/calibrate.js";
import { LOAD, PRINTING, TARGET } from "../options/common.js";
import { DATA, DRAWING, LIMIT, PREPARATION } from "../options/data.js";
import { pick } from "../options/validate.js";
import { calibrationText } from "../report/calibration-text.js";
import { progressText } from "../report/progress-text.js";
import { calibrateAndJudge, type JudgedCalibration } from "../train.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { assertApart, assertTarget, removeTemporariesOnInterrupt } from "./files.js";
import { openDataFor } from "./open-data.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";
import { saveResult } from "./save-result.js";

export function defineCalibrate(command: Command): void {
  defineOptions(command, CALIBRATE_COMMAND, calibrateCommand);
}

async function calibrateCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  const target = assertTarget(path, pick(TARGET, given).outputFile, { json });
  const { data, labels } = { ...pick(DATA, given), ...pick(PREPARATION, given) };
  assertApart([target], [data, labels]);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    stages.enter("read", "reading");
    const input = await loadInput(path, pick(LOAD, given), target);
    const { model, report, accuracy } = await forModel(input.file.path, () =>
      runCalibration(input, given, (text) => stages.enter("calibrate", text)),
    );
    stages.enter("write", "writing");
    const output = await saveResult(model, target, quiet);
    const time = stages.finish();
    const run = { input: input.file, output, report, accuracy };
    if (json) {
      const files = { input: await recordFiles(input.file), output: await recordFiles(output) };
      const secondsByStage = secondsOf(time);
      const record = { ...files, secondsByStage, report: calibrationRecord(report), accuracy };
      return await writeDocument("calibrate", record);
    }
    if (quiet) return;
    const channel = channelOf(target);
    await write(calibrationText(run, styleFor(channel)), channel);
  } finally {
    stages.finish();
  }
}

const STAGES = {
  "judge-original": "judging the original",
  measure: "measuring",
  "judge-result": "judging the result",
} as const;

async function runCalibration(
  { model }: LoadedModel,
  given: Given,
  show: (text: string) => void,
): Promise<JudgedCalibration> {
  const data = await openDataFor(model, pick(DATA, given).data ?? "", given);
  let started = performance.now();
  try {
    return await calibrateAndJudge(model, data, {
      ...pick(CALIBRATE, given),
      ...pick(DRAWING, given),
      ...pick(LIMIT, given),
      onStage: (stage) => {
        started = performance.now();
        show(STAGES[stage]);
      },
      onProgress: ({ samples, total }) =>
        show(progressText("measuring", samples, total, performance.now() - started)),
    });
  } finally {
    await data.close();
  }
}
