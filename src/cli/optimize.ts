import type { Command } from "commander";
import { STANDARD } from "../job/files.js";
import { optimizeFile } from "../job/optimize-file.js";
import { selectPasses } from "../library/select-passes.js";
import { PRINTING, TARGET } from "../options/common.js";
import {
  CHECK_INPUTS,
  OPTIMIZE_COMMAND,
  OPTIMIZE_FILE,
  OPTIMIZE_RUN,
  PIPELINE,
  REWRITE,
} from "../options/optimize.js";
import { pick } from "../options/validate.js";
import { optimizeText } from "../report/optimize-text.js";
import { type Call, defineOptions, type Given } from "./define.js";
import { errors } from "./errors.js";
import { assertApart, assertTarget, noteLeft, removeTemporariesOnInterrupt } from "./files.js";
import { channelOf, styleFor, write, writeJson } from "./output.js";
import { createStages } from "./progress.js";
import { noteWritten } from "./written.js";

export function defineOptimize(command: Command): void {
  defineOptions(command, OPTIMIZE_COMMAND, optimizeCommand);
}

async function optimizeCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { json, quiet = false } = pick(PRINTING, given);
  const target = targetOf(path, given);
  await assertPasses(given);
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

/** The file to write to, or "-". Throws "usage" where the flags do not say, and "io" where it cannot be written. */
function targetOf(input: string, given: Given): string {
  const { outputFile } = pick(TARGET, given);
  const { inPlace, externalData } = pick(OPTIMIZE_RUN, given);
  if (outputFile !== undefined && inPlace) throw errors.targetIsGivenTwice();
  if (inPlace && input === STANDARD) throw errors.standardInputIsNoOutput();
  const json = pick(PRINTING, given).json ?? false;
  const target = assertTarget(input, inPlace ? input : outputFile, {
    json,
    flags: "--output <file> or --in-place",
    mayBeInput: inPlace ?? false,
    wayOut: "give --in-place to write over it",
  });
  assertApart([target], [pick(CHECK_INPUTS, given).checkInputs]);
  if (target === STANDARD && externalData !== undefined) throw errors.standardOutputHasNoDataFile();
  return target;
}

/** Finds an unknown pass before the model is read. */
async function assertPasses(given: Given): Promise<void> {
  const { passes } = pick(PIPELINE, given);
  const { skip } = pick(REWRITE, given);
  if (passes === undefined && skip === undefined) return;
  selectPasses(passes, skip);
}
