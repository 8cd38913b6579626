import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { defineCommand } from "../../src/cli/commands.js";
import { unknownCommand, usageError } from "../../src/cli/usage.js";
import { HEADS } from "../../src/options/heads.js";

/** The error of a command line that commander refuses. */
async function answer(...argv: readonly string[]): Promise<string> {
  const program = new Command("normfold").exitOverride().configureOutput({ writeErr: () => {} });
  for (const { name, arguments: places } of Object.values(HEADS)) {
    const command = program.command(name);
    for (const place of places) command.argument(place.name, place.help);
    await defineCommand(command);
  }
  program.showSuggestionAfterError(false);
  const called = program.commands.find((command) => command.name() === argv[0]);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return said(usageError(error, called));
    throw error;
  }
  return "nothing";
}

function said(error: NormfoldError): string {
  expect(error).toBeInstanceOf(NormfoldError);
  return `${error.code} ${error.id}: ${error.message}`;
}

describe("usageError says what to do", () => {
  it.each<readonly [argv: readonly string[], answer: string]>([
    [["optimise"], 'unknown-command: there is no command "optimise"; did you mean "optimize"?'],
    [["foo"], 'unknown-command: there is no command "foo"; "normfold help" lists them'],
    [
      ["bn.onnx"],
      'model-stands-for-command: there is no command "bn.onnx"; to optimize a model, write ' +
        '"normfold optimize <model> -o <file>"',
    ],
    [["optimize", "a", "--skp", "x"], 'unknown-flag: there is no option "--skp"; did you mean "--skip"?'],
    [
      ["print", "a", "--outputs", "x"],
      'unknown-flag: there is no option "--outputs"; "normfold print --help" lists them',
    ],
    [["inspect"], 'argument-is-missing: the argument "model" is missing; write "normfold inspect <model>"'],
    [
      ["check", "a"],
      'argument-is-missing: the argument "result" is missing; write "normfold check <original> <result>"',
    ],
    [
      ["ensemble"],
      'argument-is-missing: the argument "models" is missing; write "normfold ensemble <models...>"',
    ],
    [["passes", "x"], 'too-many-arguments: there are too many arguments; write "normfold passes"'],
    [
      ["check", "a", "b", "--seed"],
      'flag-value-is-missing: the value of an option is missing; write "--seed <n>"',
    ],
  ])("%j", async (argv, expected) => {
    expect(await answer(...argv)).toBe(`usage ${expected}`);
  });

  it("passes on a sentence of commander that it does not know", () => {
    const error = new CommanderError(1, "commander.other", "error: something is wrong\nbeyond that");
    expect(said(usageError(error, undefined))).toBe(
      'usage command-line-is-wrong: something is wrong; "normfold help" says more',
    );
  });
});

it("unknownCommand finds the name that was meant", () => {
  expect(unknownCommand("passses").message).toBe('there is no command "passses"; did you mean "passes"?');
});
