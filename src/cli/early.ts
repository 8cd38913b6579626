/** Decisions about a command line before it is parsed, so that no code is loaded for them. */

/**
 * Whether the command will want the process of the runtime. Where the answer is wrong, a process is started for nothing, or
 * later.
 */
export function startsRuntime(argv: readonly string[]): boolean {
  const command = commandOf(argv);
  if (command === "reduce") return argv.some((word) => /^--predicate\b/.test(word));
  if (command !== "optimize" && command !== "check") return false;
  if (argv.some((word) => NEEDS_NONE.test(word)) || argv.join(" ").includes("--isolation none")) return false;
  return !looksLikeMany(argv);
}

const NEEDS_NONE = /^(-h|--help|--no-check|--isolation=none)$/;

/** Many models are worked on in other processes, and of a cache it is not known yet whether it has the result. */
function looksLikeMany(argv: readonly string[]): boolean {
  const models = argv.filter((word) => word.endsWith(".onnx"));
  return models.length > 2 || argv.some((word) => OF_MANY.test(word));
}

const OF_MANY = /^(--(out-dir|name|watch|jobs|cache)(=|$)|-j)|[*?]/;

/** Whether this process was started to optimize models for another. */
export function isWorker(): boolean {
  return process.env["NORMFOLD_WORKER"] !== undefined && process.send !== undefined;
}

/** Whether the command runs onnxruntime in its own process. */
export function wantsSupervisor(argv: readonly string[]): boolean {
  return SUPERVISED.has(commandOf(argv) ?? "") && !argv.includes("--help") && !argv.includes("-h");
}

const SUPERVISED: ReadonlySet<string> = new Set(["insert", "train", "calibrate", "ensemble", "lower"]);

/** The word that names the command. */
export function commandOf(argv: readonly string[]): string | undefined {
  return argv.find((word) => !word.startsWith("-"));
}
