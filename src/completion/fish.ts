import type { CompletedCommand, CompletedFlag } from "./words.js";

/** The script for fish, a file "normfold.fish" in its folder of completions. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const lines = [
    "# fish completion for normfold: normfold completion fish > ~/.config/fish/completions/normfold.fish",
    "complete -c normfold -n __fish_use_subcommand -f",
    ...commands.map(
      ({ name, summary }) => `complete -c normfold -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
    "complete -c normfold -n __fish_use_subcommand -a help -d 'print help for a command'",
    "complete -c normfold -n __fish_use_subcommand -s h -l help -d 'print help'",
    "complete -c normfold -n __fish_use_subcommand -s v -l version -d 'print the version'",
    `complete -c normfold -n '__fish_seen_subcommand_from help' -f -a '${names}'`,
    ...commands.flatMap(commandLines),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines({ name, flags, words }: CompletedCommand): string[] {
  const start = `complete -c normfold -n '__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from help'`;
  const argument = words === undefined ? [] : [`${start} -f -a '${words.join(" ")}'`];
  return [...argument, ...flags.map((flag) => `${start} ${flagText(flag)}`)];
}

function flagText({ long, short, help, value }: CompletedFlag): string {
  const parts = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...(value.kind === "none" ? [] : [value.kind === "path" ? "-r -F" : "-x"]),
    ...(value.kind === "words" ? [`-a '${value.words.join(" ")}'`] : []),
    `-d ${quoted(help)}`,
  ];
  return parts.join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
