import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { Recipe } from "../train.js";
import { EXIT_HELP } from "./exit.js";
import { loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { assertTarget, saveResult } from "./result.js";
import { choice, parseSeed } from "./values.js";

interface PrepareFlags {
  readonly output?: string;
  readonly recipe: Recipe;
  readonly form: "training" | "inference";
  readonly seed: number;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addPrepare(program: Command): void {
  program
    .command("prepare")
    .summary("change a network for training, after a paper's recipe")
    .description(
      "batchnorm-paper (Ioffe & Szegedy 2015, section 4.2.1): Dropout and LRN go, each 5x5 Conv becomes two of 3x3 with " +
        "new kernels, BatchNormalization goes before the nonlinearities. This changes what the network computes, on " +
        "purpose: it is to be trained.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .requiredOption("--recipe <name>", "batchnorm-paper", choice("batchnorm-paper"))
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option(
      "--form <form>",
      "of the normalizations: training or inference",
      choice("training", "inference"),
      "training",
    )
    .option("--seed <n>", "seed of the new kernels", parseSeed, 0)
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText("after", EXIT_HELP)
    .action(prepareCommand);
}

async function prepareCommand(path: string, flags: PrepareFlags): Promise<void> {
  const target = assertTarget(path, flags.output, flags.json);
  await removeTemporariesOnInterrupt();
  const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
  const { prepare } = await import("../train.js");
  const { model, report } = await prepare(input.model, flags.recipe, {
    form: flags.form,
    seed: flags.seed,
  }).catch((error: unknown) => {
    throw error instanceof NormfoldError ? error.at({ file: input.file.path }) : error;
  });
  const output = await saveResult(model, target);
  if (flags.json) return await writeJson({ input: input.file, output, report });
  if (flags.quiet) return;
  const { prepareText } = await import("../report/prepare-text.js");
  const channel = target === "-" ? "stderr" : "stdout";
  await write(prepareText({ input: input.file, output, report }, styleFor(channel)), channel);
}
