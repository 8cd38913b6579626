import { Command, CommanderError, Help } from "commander";
import { defined } from "../base/optional.js";
import { HEADS } from "../options/heads.js";
import { WIDTH } from "../report/layout.js";
import { commandList } from "./command-list.js";
import { defineCommand } from "./commands.js";
import { errors } from "./errors.js";
import { EXIT, EXIT_SUMMARY, handleInterrupts } from "./exit.js";
import { reportFailure, reportStalls } from "./failure.js";
import { guardStreams, programVersion, styleFor, wantsColors, write } from "./output.js";
import { reportingIn } from "./reporting.js";
import { unknownCommand, usageError } from "./usage.js";

/** Runs a command line (without node and script) and leaves the exit code in process.exitCode. Never throws. */
export async function run(argv: readonly string[]): Promise<void> {
  guardStreams();
  handleInterrupts();
  reportStalls();
  const printed: string[] = [];
  const program = createProgram((text) => printed.push(text));
  const { called, command } = calledCommand(program, argv);
  try {
    assertVersionAlone(called, argv);
    if (command !== undefined) await defineCommand(command);
    else if (called !== undefined && called !== "help" && argv.includes("help")) throw unknownCommand(called);
    if (argv.length === 0) return program.help({ error: true });
    const words = command === undefined ? argv : await ourWords(command, argv);
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    process.exitCode = await exitCodeFor(error, command, argv, printed.join(""));
  }
}

/** The words with flags that people know from other programs as ours. Only a flag that the command does not have is looked up. */
async function ourWords(command: Command, argv: readonly string[]): Promise<readonly string[]> {
  const known = new Set([...command.options.flatMap(({ long }) => long ?? []), "--help"]);
  const isForeign = argv.some(
    (word, index) =>
      (word.startsWith("--") && !known.has(word.split("=")[0] ?? "")) ||
      // Several shapes behind one flag.
      (/:\d+(,\d+)*$/.test(word) && /:\d+(,\d+)*$/.test(argv[index - 1] ?? "")),
  );
  if (!isForeign) return argv;
  const { inOurWords } = await import("./foreign-flags.js");
  return inOurWords(command.name(), argv, known);
}

/** Refuses `-v optimize model.onnx`, which would print the version and look done. Behind the command it is no option. */
function assertVersionAlone(called: string | undefined, argv: readonly string[]): void {
  if (called === undefined) return;
  const flag = argv.slice(0, argv.indexOf(called)).find((word) => word === "-v" || word === "--version");
  if (flag !== undefined) throw errors.versionStandsAlone(flag, called);
}

/** The command that is called, or whose help is printed. Only its options are loaded. */
function calledCommand(
  program: Command,
  argv: readonly string[],
): { readonly called?: string; readonly command?: Command } {
  const words = argv.filter((word) => !word.startsWith("-"));
  const called = words[0] === "help" ? words[1] : words[0];
  return defined({ called, command: program.commands.find((each) => each.name() === called) });
}

async function exitCodeFor(
  error: unknown,
  command: Command | undefined,
  argv: readonly string[],
  printed: string,
): Promise<number> {
  const asked = { command: command?.name(), reporting: reportingIn(argv) };
  if (!(error instanceof CommanderError)) return await reportFailure(error, asked);
  // --help and --version end in an exception too, as does help for a missing command.
  if (error.exitCode === 0) return await exitCodeOfPrinting(printed);
  if (error.code === "commander.help") return EXIT.usage;
  if (error.code === "commander.unknownCommand") {
    const { foreignCommand } = await import("./foreign-flags.js");
    const [name = ""] = argv.filter((word) => !word.startsWith("-"));
    const [tool, ours] = foreignCommand(name) ?? [];
    if (tool !== undefined && ours !== undefined)
      return await reportFailure(errors.commandIsAnothers(name, tool, ours), asked);
  }
  return await reportFailure(usageError(error, command), asked);
}

/** Prints help or the version, and gives the exit code. */
async function exitCodeOfPrinting(text: string): Promise<number> {
  try {
    await write(text);
    return 0;
  } catch (error) {
    return await reportFailure(error);
  }
}

function createProgram(print: (text: string) => void): Command {
  const style = styleFor("stdout");
  const program = new Command("normfold")
    .description("Optimizes ONNX models, and proves the result in onnxruntime before it writes.")
    .version(programVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    // Options of the program stand before the command: "-v" behind it is none.
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureHelp({
      helpWidth: WIDTH,
      styleTitle: style.bold,
      styleOptionText: style.cyan,
      styleCommandText: style.bold,
      // The commands inherit this; only the program has a list of them.
      formatHelp: (command, help) =>
        command.parent === null
          ? commandList(command.description(), style)
          : Help.prototype.formatHelp.call(help, command, help),
    })
    // Errors are reported in one place, reportFailure, as text or as JSON.
    .configureOutput({ writeOut: print, outputError: () => {}, getOutHasColors: () => wantsColors("stdout") })
    .addHelpText("after", EXIT_SUMMARY);
  for (const { name, summary, arguments: args } of Object.values(HEADS)) {
    const command = program.command(name).summary(summary);
    for (const argument of args) command.argument(argument.name, argument.help);
  }
  return program;
}
