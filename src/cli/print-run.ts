import type { OptimizeFileJob, OptimizeRun } from "../job/optimize-file.js";
import { type RecordedFiles, recordRun } from "../job/record.js";
import { missedText } from "../report/budget-text.js";
import { optimizeText } from "../report/optimize-text.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { printError } from "./failure.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";

/** What is printed of a run. */
export interface Printing {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Prints the whole account of one model, and sets the exit code; a document has `files`. */
export async function printRun(
  run: OptimizeRun,
  files: RecordedFiles | undefined,
  { output, options }: OptimizeFileJob,
  { quiet }: Printing,
): Promise<void> {
  const exitCode = run.budget?.met === false ? EXIT.check : 0;
  process.exitCode = exitCode;
  if (files !== undefined) {
    const runs = [recordRun(run, files, run.cached)];
    return await writeDocument("optimize", { runs, exitCode });
  }
  if (quiet) return await sayMissed(run);
  const channel = channelOf(output);
  const { explain = false } = options;
  await write(optimizeText(run, { style: styleFor(channel), explain }), channel);
}

/** With --quiet a missed budget is one line, as an error is. */
async function sayMissed({ input, output, budget }: OptimizeRun): Promise<void> {
  if (budget === undefined || budget.met) return;
  const isWritten = output.files.length > 0;
  await printError(errors.budgetIsMissed(missedText(budget), isWritten).at({ file: input.path }));
}
