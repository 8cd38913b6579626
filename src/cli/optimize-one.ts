import { optimizeFile } from "../job/optimize-file.js";
import { selectPasses } from "../library/select-passes.js";
import { STANDARD } from "../node/paths.js";
import { PRINTING } from "../options/common.js";
import { OPTIMIZE_FILE, OPTIMIZE_RUN, PIPELINE, REWRITE } from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { optimizeText } from "../report/optimize-text.js";
import type { Given } from "./define.js";
import { removeTemporariesOnInterrupt } from "./files.js";
import { noteLeft } from "./left.js";
import { channelOf, styleFor, write, writeJson } from "./output.js";
import { createStages } from "./progress.js";
import { noteWritten } from "./written.js";

/** Optimizes one model and prints the whole account. */
export async function optimizeOne(path: string, target: string, given: Given): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(!quiet);
  try {
    const job = { input: path, output: target, options: pick(OPTIMIZE_FILE, given) };
    const { run, left } = await optimizeFile(job, stages);
    if (target !== STANDARD) noteWritten(run.output.files.map((file) => file.path));
    if (!quiet) await noteLeft(left);
    if (json) return await writeJson(run);
    if (quiet) return;
    const channel = channelOf(target);
    const { explain = false } = pick(OPTIMIZE_RUN, given);
    await write(optimizeText(run, { style: styleFor(channel), explain }), channel);
  } finally {
    stages.finish();
  }
}

/** Finds an unknown pass before a model is read. */
export function assertPasses(given: Given): void {
  const { passes } = pick(PIPELINE, given);
  const { skip } = pick(REWRITE, given);
  selectPasses(passes, skip);
}
