import type { Command } from "commander";
import { completionScript, SHELLS, type Shell } from "../completion/script.js";
import { completedCommands } from "../completion/words.js";
import { PASSES } from "../index.js";
import { COMMANDS, COMPLETION_COMMAND } from "../options/commands.js";
import { PREDICATES } from "../reduce/symptoms.js";
import { type Call, defineOptions } from "./define.js";
import { errors } from "./errors.js";
import { write } from "./output.js";

export function defineCompletion(command: Command): void {
  defineOptions(command, COMPLETION_COMMAND, completionCommand);
}

async function completionCommand({ args: [name = ""] }: Call): Promise<void> {
  const passes = PASSES.map((pass) => pass.name);
  const commands = completedCommands(COMMANDS, { passes, skip: passes, predicate: PREDICATES });
  await write(completionScript(shellOf(name), commands));
}

function shellOf(name: string): Shell {
  const shell = SHELLS.find((each) => each === name);
  if (shell === undefined) throw errors.unknownShell(name, SHELLS);
  return shell;
}
