import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { assertSameInputs, check, loadData, loadLabels, loadTestData, profile } from "../index.js";
import { holdToBudget } from "../job/budget.js";
import { forModel, loadInput } from "../job/files.js";
import { recordFiles, secondsOf } from "../job/record.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { BUDGET } from "../options/budget.js";
import { CHECK_COMMAND, CHECK_RUN, JUDGING, SIDES } from "../options/check.js";
import { LOAD, PRINTING, REPORTING } from "../options/common.js";
import { CHECK_DATA, COMPARISON, ISOLATION } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { comparisonText } from "../report/check-text.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { assertApart, removeTemporariesOnInterrupt } from "./files.js";
import { documentOf } from "./output.js";
import { createStages } from "./progress.js";
import { assertReportsWritable, reportingOf, sendDocument, sendText } from "./reporting.js";

export function defineCheck(command: Command): void {
  defineOptions(command, CHECK_COMMAND, checkCommand);
}

async function checkCommand({ args: [original = "", result = ""], given }: Call): Promise<void> {
  const { quiet = false } = pick(PRINTING, given);
  const reporting = reportingOf({ ...pick(PRINTING, given), ...pick(REPORTING, given) });
  assertApart(assertReportsWritable(reporting), [original, result, pick(CHECK_DATA, given).data]);
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
    const where = { isolation: "process", ...pick(ISOLATION, given) } as const;
    const comparison = {
      ...pick(COMPARISON, given),
      ...pick(JUDGING, given),
      ...pick(SIDES, given),
      ...where,
    } as const;
    // With --input-shape the inputs are generated, even if the model has test data.
    const isGenerated = original === STANDARD || comparison.inputShapes !== undefined;
    const ownData = path === undefined ? undefined : await loadData(a.model, path);
    const data = ownData ?? (isGenerated ? undefined : await loadTestData(a.model, original));
    stages.enter("check", "comparing in onnxruntime");
    const labels = labelPath === undefined ? undefined : await loadLabels(labelPath);
    const report = await check(a.model, b.model, { ...comparison, ...defined({ data, labels }) });
    const { maxSlowdown } = pick(BUDGET, given);
    if (maxSlowdown !== undefined) stages.enter("measure", "measuring");
    const profiled =
      maxSlowdown === undefined
        ? undefined
        : await profile(a.model, { ...where, beside: b.model, ...defined({ data }) });
    const facts = { bytes: b.file.bytes, check: report, ratio: profiled?.ratio };
    const budget = holdToBudget(b.model, pick(BUDGET, given), facts);
    const time = stages.finish();
    if (report.status === "differs" || budget?.met === false) process.exitCode = EXIT.check;
    if (report.status === "unchecked") process.exitCode = EXIT.unsupported;
    if (reporting.needsDocument) {
      const [original, result] = [await recordFiles(a.file), await recordFiles(b.file)];
      const content = {
        original,
        result,
        secondsByStage: secondsOf(time),
        check: report,
        ...defined({ budget }),
      };
      await sendDocument(reporting, documentOf("check", content));
    }
    if (!reporting.hasText) return;
    const files = { original: a.file, result: b.file };
    await sendText(reporting, "stdout", (style) =>
      comparisonText({ ...files, check: report, ...defined({ budget }) }, style),
    );
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
