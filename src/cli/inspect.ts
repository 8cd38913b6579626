import type { Command } from "commander";
import { EXIT_HELP } from "./exit.js";
import { loadInput } from "./files.js";
import { styleFor, write, writeJson } from "./output.js";

interface InspectFlags {
  readonly all?: true;
  readonly json?: true;
}

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .summary("say what is in a model")
    .description(
      "Prints inputs, outputs, opsets, operators, parameters, external data, and what stands before and after each " +
        "BatchNormalization. External files may be missing: tensor data is not read.",
    )
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option("--all", "list each BatchNormalization, and metadata in full")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      `
Examples:
  normfold inspect model.onnx
  normfold inspect model.onnx --json > model.json
${EXIT_HELP}`,
    )
    .action(inspectCommand);
}

async function inspectCommand(path: string, flags: InspectFlags): Promise<void> {
  const { model, file } = await loadInput(path, { allowMissingExternalData: true });
  const { describeModel } = await import("../library/description.js");
  const description = describeModel(model);
  if (flags.json) return await writeJson({ file, ...description });
  const { inspectText } = await import("../report/inspect-text.js");
  await write(inspectText(file, description, { style: styleFor("stdout"), all: flags.all ?? false }));
}
