import { bashScript } from "./bash.js";
import { fishScript } from "./fish.js";
import type { CompletedCommand } from "./words.js";
import { zshScript } from "./zsh.js";

/** The shells that a script is written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/**
 * The script by which a shell completes the command line. It holds all words, so that the shell answers at once, without starting
 * the command.
 */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return SCRIPTS[shell](commands);
}
