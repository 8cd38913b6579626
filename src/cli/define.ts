import { type Command, Option } from "commander";
import { errors as optionErrors } from "../options/errors.js";
import { readText } from "../options/read-text.js";
import type { CommandSpec, OptionSpec, OptionTable } from "../options/spec.js";
import { assertEffects, BY_FLAG, flagOf, unnamedChoices } from "../options/validate.js";
import { exitHelp } from "./exit.js";

/** The options that were given, by the names of their rows; `pick` and `settle` give them their types. */
export type Given = Readonly<Record<string, unknown>>;

/** A command that was called. */
export interface Call {
  readonly args: readonly string[];
  readonly given: Given;
}

/** Gives a command its flags, help and limits, which are those of its tables, and its action. */
export function defineOptions(
  command: Command,
  spec: CommandSpec,
  action: (call: Call) => Promise<void>,
): void {
  const table: OptionTable = Object.assign({}, ...spec.tables);
  command.description(spec.description);
  const attributes = Object.entries(table).map(([name, row]) => {
    const option = toCommander(row);
    command.addOption(option);
    return { name, attribute: option.attributeName(), negates: option.negate };
  });
  // --help is listed with the flags about printing.
  const group = Object.values(table).find(({ flag }) => flag === "--json")?.group;
  const help = new Option("-h, --help", "print help");
  command.addHelpOption(group === undefined ? help : help.helpGroup(`${group}:`));
  command.addHelpText("after", `${examplesText(spec)}${exitHelp(spec)}`);
  command.action(async () => {
    const given = Object.fromEntries(
      attributes
        .filter(({ attribute }) => command.getOptionValueSource(attribute) === "cli")
        .map(({ name, attribute, negates }) => [name, command.getOptionValue(attribute), negates] as const)
        // "--config <file>" and "--no-config" are two rows with one attribute: false is the value of the second.
        .filter(([, value, negates]) => (value === false) === negates),
    );
    for (const name of spec.required ?? []) {
      const row = table[name];
      const isListing = spec.lists !== undefined && given[spec.lists] === true;
      if (row !== undefined && given[name] === undefined && !isListing)
        throw optionErrors.optionIsMissing(flagOf(row));
    }
    assertEffects(table, given, BY_FLAG);
    await action({ args: command.args, given });
  });
}

function toCommander(row: OptionSpec): Option {
  const option = new Option(row.flag, helpOf(row));
  if (option.required || option.optional) option.argParser((text, before) => readText(row, text, before));
  if (row.group !== undefined) option.helpGroup(`${row.group}:`);
  return option;
}

function helpOf(row: OptionSpec): string {
  // A switch that is on by default has a flag that turns it off.
  const isShown = row.default !== undefined && row.type !== "switch";
  const text = row.defaultText ?? (isShown ? String(row.default) : undefined);
  const details = [...unnamedChoices(row), ...(text === undefined ? [] : [`default: ${text}`])];
  return details.length === 0 ? row.help : `${row.help} (${details.join("; ")})`;
}

function examplesText({ examples = [] }: CommandSpec): string {
  if (examples.length === 0) return "";
  return `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`;
}
