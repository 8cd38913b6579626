import type { Command } from "commander";
import { print } from "../index.js";
import { PRINT, PRINT_COMMAND } from "../options/commands.js";
import { pick } from "../options/validate.js";
import { cleanLines } from "../report/layout.js";
import { type Call, defineOptions } from "./define.js";
import { loadInput } from "./files.js";
import { write } from "./output.js";

export function definePrint(command: Command): void {
  defineOptions(command, PRINT_COMMAND, printCommand);
}

async function printCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { model } = await loadInput(path, { allowMissingExternalData: true });
  const text = print(model, pick(PRINT, given));
  // A file or a pipe gets names as they are, so that the text can be parsed back.
  await write(process.stdout.isTTY ? cleanLines(text) : text);
}
