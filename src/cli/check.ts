import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { assertSameInputs, check, loadData, loadLabels, loadTestData } from "../index.js";
import { forModel, loadInput } from "../job/files.js";
import { recordFiles, secondsOf } from "../job/record.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { CHECK_COMMAND, CHECK_RUN, JUDGING, SIDES } from "../options/check.js";
import { LOAD, PRINTING } from "../options/common.js";
import { CHECK_DATA, COMPARISON, ISOLATION } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { comparisonText } from "../report/check-text.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";

export function defineCheck(command: Command): void {
  defineOptions(command, CHECK_COMMAND, checkCommand);
}

async function checkCommand({ args: [original = "", result = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  assertTwo(original, result, given);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    stages.enter("read", "reading");
    const a = await loadInput(original, pick(LOAD, given));
    const b = await loadInput(result, pick(LOAD, given));
    await forModel(b.file.path, () => assertSameInputs(a.model, b.model));
    const { data: path } = pick(CHECK_DATA, given);
    const { labels: labelPath } = pick(CHECK_RUN, given);
    const comparison = {
      ...pick(COMPARISON, given),
      ...pick(JUDGING, given),
      ...pick(SIDES, given),
      isolation: "process",
      ...pick(ISOLATION, given),
    } as const;
    // With --input-shape the inputs are generated, even if the model has test data.
    const isGenerated = original === STANDARD || comparison.inputShapes !== undefined;
    const ownData = path === undefined ? undefined : await loadData(a.model, path);
    const data = ownData ?? (isGenerated ? undefined : await loadTestData(a.model, original));
    stages.enter("check", "comparing in onnxruntime");
    const labels = labelPath === undefined ? undefined : await loadLabels(labelPath);
    const report = await check(a.model, b.model, { ...comparison, ...defined({ data, labels }) });
    const time = stages.finish();
    if (report.status === "differs") process.exitCode = EXIT.check;
    if (report.status === "unchecked") process.exitCode = EXIT.unsupported;
    if (json) {
      const [original, result] = [await recordFiles(a.file), await recordFiles(b.file)];
      return await writeDocument("check", {
        original,
        result,
        secondsByStage: secondsOf(time),
        check: report,
      });
    }
    if (quiet) return;
    await write(comparisonText({ original: a.file, result: b.file, check: report }, styleFor("stdout")));
  } finally {
    stages.finish();
  }
}

/** Two files, unless one is run in two ways. Standard input can be read once. */
function assertTwo(original: string, result: string, given: Given): void {
  const { resultProvider, resultLevel } = pick(SIDES, given);
  const isOne = original === STANDARD ? result === STANDARD : isSameFile(original, result);
  if (isOne && (original === STANDARD || (resultProvider === undefined && resultLevel === undefined)))
    throw errors.modelsAreOneFile(result);
}
