import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import { EXIT_HELP } from "./exit.js";
import { loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { assertTarget, saveResult } from "./result.js";

interface FreezeFlags {
  readonly output?: string;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addFreeze(program: Command): void {
  program
    .command("freeze")
    .summary("training form to inference form")
    .description(
      "Makes every BatchNormalization normalize with its running statistics as they are stored; outputs with updated " +
        "statistics and Dropout go. What is left is ready for optimize.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText("after", EXIT_HELP)
    .action(freezeCommand);
}

async function freezeCommand(path: string, flags: FreezeFlags): Promise<void> {
  const target = assertTarget(path, flags.output, flags.json);
  await removeTemporariesOnInterrupt();
  const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
  const { freeze } = await import("../train.js");
  const { model, report } = inFile(input.file.path, () => freeze(input.model));
  const output = await saveResult(model, target);
  if (flags.json) return await writeJson({ input: input.file, output, report });
  if (flags.quiet) return;
  const { freezeText } = await import("../report/freeze-text.js");
  const channel = target === "-" ? "stderr" : "stdout";
  await write(freezeText({ input: input.file, output, report }, styleFor(channel)), channel);
}

function inFile<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof NormfoldError ? error.at({ file }) : error;
  }
}
