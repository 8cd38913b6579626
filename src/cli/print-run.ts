import type { OptimizeFileJob, OptimizeRun } from "../job/optimize-file.js";
import { type RecordedFiles, recordRun } from "../job/record.js";
import { optimizeText } from "../report/optimize-text.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";

/** What is printed of a run. */
export interface Printing {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Prints the whole account of one model; a document has `files`. */
export async function printRun(
  run: OptimizeRun,
  files: RecordedFiles | undefined,
  { output, options }: OptimizeFileJob,
  { quiet }: Printing,
): Promise<void> {
  if (files !== undefined) {
    const runs = [recordRun(run, files, run.cached)];
    return await writeDocument("optimize", { runs, exitCode: 0 });
  }
  if (quiet) return;
  const channel = channelOf(output);
  const { explain = false } = options;
  await write(optimizeText(run, { style: styleFor(channel), explain }), channel);
}
