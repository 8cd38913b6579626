import { loadPlugins } from "../config/plugins.js";
import { type OptimizeFileJob, optimizeFile } from "../job/optimize-file.js";
import { recordRun } from "../job/record.js";
import { selectPasses, withOwnPasses } from "../library/select-passes.js";
import { STANDARD } from "../node/paths.js";
import { optimizeText } from "../report/optimize-text.js";
import { removeTemporariesOnInterrupt } from "./files.js";
import { noteLeft } from "./left.js";
import { channelOf, styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";
import { noteWritten } from "./written.js";

/** What is printed of a run. */
export interface Printing {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Optimizes one model and prints the whole account. */
export async function optimizeOne(
  job: OptimizeFileJob,
  { json = false, quiet = false }: Printing,
): Promise<void> {
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    const { run, files, left } = await optimizeFile({ ...job, isRecorded: json }, stages);
    if (job.output !== STANDARD) noteWritten(run.output.files.map((file) => file.path));
    if (!quiet) await noteLeft(left);
    if (files !== undefined)
      return await writeDocument("optimize", { runs: [recordRun(run, files)], exitCode: 0 });
    if (quiet) return;
    const channel = channelOf(job.output);
    const { explain = false } = job.options;
    await write(optimizeText(run, { style: styleFor(channel), explain }), channel);
  } finally {
    stages.finish();
  }
}

/** Finds an unknown pass, or a plugin that cannot be loaded, before a model is read. */
export async function assertPasses({ options, plugins = [] }: OptimizeFileJob): Promise<void> {
  const { passes, skip } = options;
  selectPasses(withOwnPasses(passes, await loadPlugins(plugins)), skip);
}
