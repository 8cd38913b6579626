import type { Command } from "commander";
import { NormfoldError } from "../base/errors.js";
import type { Model } from "../index.js";
import { EXIT_HELP } from "./exit.js";
import { loadInput, removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";
import { assertTarget, saveResult } from "./result.js";
import { parseCount } from "./values.js";

interface LowerFlags {
  readonly output?: string;
  readonly trainingInfo?: true | number;
  readonly check: boolean;
  readonly allowOutside?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export function addLower(program: Command): void {
  program
    .command("lower")
    .summary("ONNX's training operators in standard ones")
    .description(
      "Writes out ONNX's preview operators for training (Gradient, Adam, Adagrad, Momentum) in standard operators by the " +
        "formulas of their specification, and has onnxruntime load the result.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option("-o, --output <file>", 'where to write; "-" writes to standard output')
    .option(
      "--training-info [n]",
      "the step of training in the model's training_info (the first, or the nth) as a model of its own",
      parseCount,
    )
    .option("--no-check", "do not have onnxruntime load the result")
    .option("--allow-outside", "read external data outside the model's folder")
    .option("--json", "print one JSON document and nothing else on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .addHelpText("after", EXIT_HELP)
    .action(lowerCommand);
}

async function lowerCommand(path: string, flags: LowerFlags): Promise<void> {
  const target = assertTarget(path, flags.output, flags.json);
  await removeTemporariesOnInterrupt();
  const input = await loadInput(path, { allowOutsideExternalData: flags.allowOutside ?? false });
  const { model, report } = await lower(input.model, flags).catch((error: unknown) => {
    throw error instanceof NormfoldError ? error.at({ file: input.file.path }) : error;
  });
  const output = await saveResult(model, target);
  if (flags.json) return await writeJson({ input: input.file, output, ...report });
  if (flags.quiet) return;
  const { lowerText } = await import("../report/lower-text.js");
  const { paragraph } = await import("../report/layout.js");
  const channel = target === "-" ? "stderr" : "stdout";
  const style = styleFor(channel);
  const isPassedOver = flags.trainingInfo === undefined && input.model.trainingInfo.length > 0;
  const hint = isPassedOver ? paragraph(style.yellow(PASSED_OVER)).map((line) => `${line}\n`) : [];
  await write([lowerText({ input: input.file, output, ...report }, style), ...hint].join(""), channel);
}

const PASSED_OVER = "the model's training_info is left as it is; --training-info makes a model of its step";

interface Lowered {
  readonly model: Model;
  readonly report: {
    readonly lowered: readonly string[];
    readonly state: readonly { readonly name: string; readonly next: string }[];
    readonly checked: boolean;
  };
}

async function lower(original: Model, { trainingInfo, check }: LowerFlags): Promise<Lowered> {
  const { assertLoads, isPreviewTraining, lowerPreviewTraining, trainingModel } = await import("../train.js");
  const step =
    trainingInfo === undefined
      ? undefined
      : trainingModel(original, trainingInfo === true ? 0 : trainingInfo - 1);
  const source = step?.model ?? original;
  const lowered = [...source.nodes()].filter(isPreviewTraining).map(({ label }) => label);
  const model = lowerPreviewTraining(source);
  if (check) await assertLoads(model);
  const state = (step?.state ?? []).map(({ name, next }) => ({ name, next }));
  return { model, report: { lowered, state, checked: check } };
}
