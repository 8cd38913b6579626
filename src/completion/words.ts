import type { CommandSpec, OptionSpec } from "../options/spec.js";

/** What comes after a flag: nothing, a path, one of some words, or something else. */
export type FlagValue =
  | { readonly kind: "none" }
  | { readonly kind: "path" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "other" };

/** An option as a shell completes it. */
export interface CompletedFlag {
  /** "--output", without its short form. */
  readonly long: string;
  /** "-o". */
  readonly short: string | undefined;
  readonly help: string;
  readonly value: FlagValue;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** The words that its argument can be; undefined: a path. */
  readonly words: readonly string[] | undefined;
}

/** Words that are known of values which the tables only call names. */
export type KnownWords = Readonly<Record<string, readonly string[]>>;

/** What the tables call a value that is a path. */
const PATH = /<(?:file|path|folder|data)>/;

/** What a shell needs to know of the commands; `known` are words by the name of an option's row. */
export function completedCommands(
  commands: readonly CommandSpec[],
  known: KnownWords,
): readonly CompletedCommand[] {
  return commands.map(({ name, summary, arguments: places, tables }) => {
    const rows = tables.flatMap((table) => Object.entries(table));
    return {
      name,
      summary,
      flags: [
        ...rows.map(([row, spec]) => completedFlag(spec, known[row])),
        { long: "--help", short: "-h", help: "print help", value: { kind: "none" } },
      ],
      words:
        places.flatMap(({ words = [] }) => words).length === 0
          ? undefined
          : places.flatMap(({ words = [] }) => words),
    };
  });
}

function completedFlag(spec: OptionSpec, known: readonly string[] | undefined): CompletedFlag {
  const { flag, help } = spec;
  return {
    long: /--[a-z0-9-]+/.exec(flag)?.[0] ?? flag,
    short: /^-[a-zA-Z]\b/.exec(flag)?.[0],
    help,
    value: completedValue(spec, known),
  };
}

function completedValue({ flag, choices }: OptionSpec, known: readonly string[] | undefined): FlagValue {
  // A value that may be left out is not asked for.
  if (!flag.includes("<")) return { kind: "none" };
  const words = choices ?? known;
  if (words !== undefined) return { kind: "words", words };
  return PATH.test(flag) ? { kind: "path" } : { kind: "other" };
}
