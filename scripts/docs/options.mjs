// docs/options.md: the commands and their options, from the tables that also make --help and the library's types.
import { COMMANDS } from "../../dist/src/options/commands.js";
import { unnamedChoices } from "../../dist/src/options/validate.js";
import { code, GENERATED, list, page, paragraph, span } from "./markdown.mjs";

export function optionsPage() {
  return page(
    "# Commands and options",
    GENERATED,
    paragraph(
      "What the command line takes. In brackets is the name of the option in the library, where it is another; " +
        "the library takes what it needs of these ([library.md](library.md)), the command all.",
    ),
    list(COMMANDS.map(({ name, summary }) => `[${name}](#normfold-${name}): ${summary}`)),
    COMMANDS.map(section),
  );
}

function section(command) {
  const { name, description, arguments: places, tables, required = [], examples = [] } = command;
  const usage = ["normfold", name, ...places.map((place) => place.name), "[options]"].join(" ");
  const byGroup = new Map();
  for (const [option, spec] of tables.flatMap((rows) => Object.entries(rows))) {
    const group = spec.group ?? "Options";
    byGroup.set(group, [...(byGroup.get(group) ?? []), describe(option, spec, required.includes(option))]);
  }
  return [
    `## normfold ${name}`,
    paragraph(description),
    code([usage, ...examples.map((example) => `# ${example}`)].join("\n"), "sh"),
    places.length === 0 ? [] : list(places.map((place) => `${span(place.name)}: ${place.help}`)),
    [...byGroup].map(([group, rows]) => [group === "Options" ? [] : `**${group}**`, list(rows)]),
  ];
}

function describe(option, spec, isRequired) {
  const details = [
    ...(option === camelCase(spec.flag) ? [] : [option]),
    ...unnamedChoices(spec),
    ...limits(spec),
    ...defaultOf(spec),
    ...(isRequired ? ["required"] : []),
  ];
  return `${span(spec.flag)}: ${spec.help}${details.length === 0 ? "" : ` (${details.join("; ")})`}`;
}

function camelCase(flag) {
  const long = /--(?:no-)?([\w-]+)/.exec(flag)?.[1] ?? "";
  return long.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/** The range of its numbers as one phrase, in a list of none or one. */
function limits(spec) {
  const words = ["from", "above", "to", "below"].flatMap((word) =>
    spec[word] === undefined ? [] : [`${word} ${spec[word]}`],
  );
  return words.length === 0 ? [] : [words.join(" ")];
}

function defaultOf({ type, default: value, defaultText }) {
  const shown = defaultText ?? (type === "switch" ? undefined : value);
  return shown === undefined ? [] : [`default: ${shown}`];
}
