import type { CompletedCommand } from "./words.js";

/** The script for bash, from 3.2 on, which macOS has. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# bash completion for normfold: source <(normfold completion bash)
_normfold_words() {
  COMPREPLY=($(compgen -W "$1" -- "$2"))
}
_normfold_paths() {
  local path
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$1")
  type compopt >/dev/null 2>&1 && compopt -o filenames
}
_normfold() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" i
  # "--flag=value" is three words to bash.
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command="\${COMP_WORDS[i]}"; break; fi
  done
  COMPREPLY=()
  case "$command" in
    "") _normfold_words "${names} help --help --version" "$cur" ;;
    help) _normfold_words "${names}" "$cur" ;;
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _normfold normfold
`;
}

function commandCase({ name, flags, words }: CompletedCommand): string {
  const byValue = flags.flatMap(({ long, short, value }) => {
    if (value.kind === "none") return [];
    const pattern = short === undefined ? long : `${short}|${long}`;
    const action =
      value.kind === "words"
        ? `_normfold_words "${value.words.join(" ")}" "$cur"`
        : value.kind === "path"
          ? '_normfold_paths "$cur"'
          : ":";
    return [`        ${pattern}) ${action}; return ;;`];
  });
  const all = flags.flatMap(({ long, short }) => (short === undefined ? [long] : [short, long])).join(" ");
  const argument =
    words === undefined ? '_normfold_paths "$cur"' : `_normfold_words "${words.join(" ")}" "$cur"`;
  const values = byValue.length === 0 ? [] : ['      case "$prev" in', ...byValue, "      esac"];
  return [
    `    ${name})`,
    ...values,
    `      if [[ $cur == -* ]]; then _normfold_words "${all}" "$cur"; else ${argument}; fi ;;`,
  ].join("\n");
}
