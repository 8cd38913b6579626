/** Decisions about a command line before it is parsed, so that no code is loaded for them. */

/**
 * Whether the command will want the process of the runtime. Where the answer is wrong, a process is started for nothing, or
 * later.
 */
export function startsRuntime(argv: readonly string[]): boolean {
  const command = commandOf(argv);
  if (command !== "optimize" && command !== "check") return false;
  return !argv.some((word) => NEEDS_NONE.test(word)) && !argv.join(" ").includes("--isolation none");
}

const NEEDS_NONE = /^(-h|--help|--no-check|--isolation=none)$/;

/** Whether the command runs onnxruntime in its own process. */
export function wantsSupervisor(argv: readonly string[]): boolean {
  return SUPERVISED.has(commandOf(argv) ?? "") && !argv.includes("--help") && !argv.includes("-h");
}

const SUPERVISED: ReadonlySet<string> = new Set(["insert", "train", "calibrate", "ensemble", "lower"]);

function commandOf(argv: readonly string[]): string | undefined {
  return argv.find((word) => !word.startsWith("-"));
}
