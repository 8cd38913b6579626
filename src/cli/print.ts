import type { Command } from "commander";
import { print } from "../index.js";
import { loadInput } from "../job/files.js";
import { PRINT, PRINT_COMMAND } from "../options/commands.js";
import { LOAD } from "../options/common.js";
import { pick } from "../options/validate.js";
import { type Call, defineOptions } from "./define.js";
import { write } from "./output.js";

export function definePrint(command: Command): void {
  defineOptions(command, PRINT_COMMAND, printCommand);
}

async function printCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { model } = await loadInput(path, { ...pick(LOAD, given), allowMissingExternalData: true });
  await write(print(model, pick(PRINT, given)));
}
