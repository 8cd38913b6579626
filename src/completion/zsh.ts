import type { CompletedCommand, CompletedFlag } from "./words.js";

/** The script for zsh, a file "_normfold" in a folder of $fpath, or sourced. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n");
  return `#compdef normfold
# zsh completion for normfold: normfold completion zsh > $fpath[1]/_normfold
_normfold_commands() {
  local -a commands=(
${described}
    'help:print help for a command'
  )
  _describe command commands
}
_normfold() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C '(-h --help)'{-h,--help}'[print help]' '(-v --version)'{-v,--version}'[print the version]' \\
    '1:command:_normfold_commands' '*::argument:->argument'
  [[ $state == argument ]] || return
  case $words[1] in
    help) _arguments '1:command:_normfold_commands' ;;
${commands.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _normfold ]]; then _normfold "$@"; else compdef _normfold normfold; fi
`;
}

function commandCase({ name, flags, words }: CompletedCommand): string {
  const argument = words === undefined ? "'*:model:_files'" : `'1:choice:(${words.join(" ")})'`;
  return [
    `    ${name}) _arguments -S \\`,
    ...flags.map((flag) => `      ${flagText(flag)} \\`),
    `      ${argument} ;;`,
  ].join("\n");
}

function flagText({ long, short, help, value }: CompletedFlag): string {
  // Colons and brackets part the fields.
  const said = `[${help.replace(/[[\]:\\]/g, "\\$&")}]`;
  const action =
    value.kind === "words" ? `(${value.words.join(" ")})` : value.kind === "path" ? "_files" : " ";
  const after = value.kind === "none" ? "" : `:value:${action}`;
  const takes = value.kind === "none" ? "" : "=";
  if (short === undefined) return quoted(`*${long}${takes}${said}${after}`);
  const plus = value.kind === "none" ? "" : "+";
  return `${quoted(`(${short} ${long})`)}{${short}${plus},${long}${takes}}${quoted(`${said}${after}`)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
