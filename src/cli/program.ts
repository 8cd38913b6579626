import { createRequire } from "node:module";
import { type Argument, Command, CommanderError } from "commander";
import { WIDTH } from "../report/layout.js";
import { addCalibrate } from "./calibrate.js";
import { addCheck } from "./check.js";
import { addEnsemble } from "./ensemble.js";
import { EXIT, EXIT_SUMMARY, handleInterrupts } from "./exit.js";
import { reportFailure } from "./failure.js";
import { addFreeze } from "./freeze.js";
import { addInsert } from "./insert.js";
import { addInspect } from "./inspect.js";
import { addLower } from "./lower.js";
import { addOptimize } from "./optimize.js";
import { guardStreams, styleFor, wantsColors } from "./output.js";
import { addPasses } from "./passes.js";
import { addPrepare } from "./prepare.js";
import { addPrint } from "./print.js";
import { addTrain } from "./train.js";

/** Runs a command line (without node and script) and leaves the exit code in process.exitCode. Never throws. */
export async function run(argv: readonly string[]): Promise<void> {
  guardStreams();
  handleInterrupts();
  const program = createProgram();
  try {
    if (argv.length === 0) return program.help({ error: true });
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = await exitCodeFor(error, argv);
  }
}

async function exitCodeFor(error: unknown, argv: readonly string[]): Promise<number> {
  if (error instanceof CommanderError) {
    // --help and --version end in an exception too, as does help for a missing command.
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return EXIT.usage;
  }
  return await reportFailure(error, argv.includes("--json"));
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function createProgram(): Command {
  const manifest: { readonly version: string } = createRequire(import.meta.url)("normfold/package.json");
  const { bold, cyan } = styleFor("stdout");
  const program = new Command("normfold")
    .description("Optimizes ONNX models, and proves the result in onnxruntime before it writes.")
    .usage("<command> [options]")
    .version(manifest.version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .exitOverride()
    .configureHelp({
      helpWidth: WIDTH,
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(argumentTerm)].join(" "),
      styleTitle: bold,
      styleSubcommandText: cyan,
      styleOptionText: cyan,
      styleCommandText: bold,
    })
    // Errors are reported in one place, reportFailure, as text or as JSON.
    .configureOutput({ outputError: () => {}, getOutHasColors: () => wantsColors("stdout") })
    .addHelpText("after", EXIT_SUMMARY);
  for (const add of [
    addOptimize,
    addInsert,
    addTrain,
    addCalibrate,
    addFreeze,
    addPrepare,
    addEnsemble,
    addLower,
    addCheck,
    addInspect,
    addPrint,
    addPasses,
  ])
    add(program);
  return program;
}
