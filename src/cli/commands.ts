import type { Command } from "commander";

/**
 * Gives a command its options and its action, and loads only the commands of the same door.
 *
 * Two groups, and not a module for each command: each module that is loaded by itself becomes a file of the bundle, and so does
 * each set of modules that some of them share. Finding and opening thirty files takes longer than reading code
 * that the command does not need. Only optimize stands by itself: it may have nothing to do but to find results of earlier runs.
 */
export async function defineCommand(command: Command): Promise<void> {
  const name = command.name();
  if (name === "optimize") {
    const { defineOptimize } = await import("./optimize-command.js");
    return defineOptimize(command);
  }
  const { INFERENCE_COMMANDS } = await import("./inference-commands.js");
  const define =
    INFERENCE_COMMANDS.get(name) ?? (await import("./training-commands.js")).TRAINING_COMMANDS.get(name);
  define?.(command);
}
