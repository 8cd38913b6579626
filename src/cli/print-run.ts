import type { OptimizeFileJob, OptimizeRun } from "../job/optimize-file.js";
import { type RecordedFiles, recordRun } from "../job/record.js";
import { missedText } from "../report/budget-text.js";
import { optimizeText } from "../report/optimize-text.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { printError } from "./failure.js";
import { channelOf, documentOf } from "./output.js";
import { type Reporting, sendDocument, sendText } from "./reporting.js";

/** What is printed of a run. */
export interface Printing {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly reporting: Reporting;
}

/** Prints the whole account of one model, and sets the exit code; a document has `files`. */
export async function printRun(
  run: OptimizeRun,
  files: RecordedFiles | undefined,
  { output, options }: OptimizeFileJob,
  { quiet, reporting }: Printing,
): Promise<void> {
  const exitCode = run.budget?.met === false ? EXIT.check : 0;
  process.exitCode = exitCode;
  if (files !== undefined) {
    const runs = [recordRun(run, files, run.cached)];
    await sendDocument(reporting, documentOf("optimize", { runs, exitCode }));
  }
  if (!reporting.hasText) return quiet && files === undefined ? await sayMissed(run) : undefined;
  const channel = channelOf(output);
  const { explain = false } = options;
  await sendText(reporting, channel, (style) => optimizeText(run, { style, explain }));
}

/** With --quiet a missed budget is one line, as an error is. */
async function sayMissed({ input, output, budget }: OptimizeRun): Promise<void> {
  if (budget === undefined || budget.met) return;
  const isWritten = output.files.length > 0;
  await printError(errors.budgetIsMissed(missedText(budget), isWritten).at({ file: input.path }));
}
