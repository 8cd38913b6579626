import { loadPlugins } from "../config/plugins.js";
import { type OptimizedFile, type OptimizeFileJob, optimizeFile } from "../job/optimize-file.js";
import { selectPasses, withOwnPasses } from "../library/select-passes.js";
import { STANDARD } from "../node/paths.js";
import { removeTemporariesOnInterrupt } from "./files.js";
import { noteLeft } from "./left.js";
import { type Printing, printRun } from "./print-run.js";
import { createStages } from "./progress.js";
import { noteWritten } from "./written.js";

/** Optimizes one model and prints the whole account; `keep` is given the result before. */
export async function optimizeOne(
  job: OptimizeFileJob,
  printing: Printing,
  keep: (result: OptimizedFile) => Promise<void> = async () => {},
): Promise<void> {
  const { json = false, quiet = false } = printing;
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    const result = await optimizeFile({ ...job, isRecorded: json }, stages);
    const { run, files, left } = result;
    if (job.output !== STANDARD) noteWritten(run.output.files.map((file) => file.path));
    if (!quiet) await noteLeft(left);
    // A result that misses its budget is none.
    if (run.budget?.met !== false) await keep(result);
    await printRun(run, files, job, printing);
  } finally {
    stages.finish();
  }
}

/** Finds an unknown pass, or a plugin that cannot be loaded, before a model is read. */
export async function assertPasses({ options, plugins = [] }: OptimizeFileJob): Promise<void> {
  const { passes, skip } = options;
  selectPasses(withOwnPasses(passes, await loadPlugins(plugins)), skip);
}
