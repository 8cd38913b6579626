import type { Command } from "commander";
import { cleanLines } from "../report/layout.js";
import { EXIT_HELP } from "./exit.js";
import { loadInput } from "./files.js";
import { write } from "./output.js";
import { parseLimit } from "./values.js";

interface PrintFlags {
  readonly maxElements?: number;
}

export function addPrint(program: Command): void {
  program
    .command("print")
    .summary("print a model as ONNX text")
    .description("Prints a model in ONNX's textual syntax. Tensors of many elements are shortened to {...}.")
    .argument("<model>", 'the ONNX file; "-" reads standard input')
    .option(
      "--max-elements <n>",
      'print tensors of up to n elements in full, or "all" (default: 16)',
      parseLimit,
    )
    .addHelpText(
      "after",
      `
Examples:
  normfold print model.onnx | less
  normfold print model.onnx --max-elements all > model.txt
${EXIT_HELP}`,
    )
    .action(printCommand);
}

async function printCommand(path: string, { maxElements }: PrintFlags): Promise<void> {
  const { model } = await loadInput(path, { allowMissingExternalData: true });
  const { print } = await import("../index.js");
  const text = print(model, maxElements === undefined ? {} : { maxElements });
  // A file or a pipe gets names as they are, so that the text can be parsed back.
  await write(process.stdout.isTTY ? cleanLines(text) : text);
}
