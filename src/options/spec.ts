/**
 * One option, as plain data: the command line builds its flags from it and `--help` prints it, the library takes its type
 * and its limits from it, and the name of its row is its name in the library.
 */
export interface OptionSpec {
  /** The command line's spelling: "-o, --output <file>", "--no-check", "--external-data [bytes]". */
  readonly flag: string;
  /** One clause, without a full stop; `--help` appends the default. */
  readonly help: string;
  /** How the value is written. */
  readonly type: OptionType;
  /** For "choice": the words to choose from. */
  readonly choices?: readonly string[];
  /** The value where none is given. */
  readonly default?: boolean | number | string;
  /** The default in words, where the value itself says too little or there is none. */
  readonly defaultText?: string;
  /** The least number, itself included. */
  readonly from?: number;
  /** The greatest number, itself included. */
  readonly to?: number;
  /** A number that the value must exceed. */
  readonly above?: number;
  /** A number that the value must stay below. */
  readonly below?: number;
  /** The option has an effect only beside one of these. */
  readonly needs?: readonly Condition[];
  /** The option has no effect beside any of these; those that a command does not have are not given. */
  readonly idleWith?: readonly Condition[];
  /** The heading under which `--help` lists it; "Options" where it has none. */
  readonly group?: string;
}

/**
 * How a value is written:
 *
 *   switch   true or false; the command line's flag takes no value
 *   text     a path, or a name
 *   names    a list of names; on the command line with commas between, and the flag may be repeated
 *   choice   one of `choices`
 *   number   a number; on the command line also a quotient, 1/255
 *   numbers  a list of numbers
 *   whole    a whole number
 *   limit    a whole number or, without a limit, "all" on the command line and Infinity in the library
 *   bytes    a number of bytes; on the command line also with a unit, 64kB or 1MiB
 *   shapes   sizes by name of an input; on the command line x:1,3,224,224, and the flag may be repeated
 */
export type OptionType =
  | "switch"
  | "text"
  | "names"
  | "choice"
  | "number"
  | "numbers"
  | "whole"
  | "limit"
  | "bytes"
  | "shapes";

/** Another option with one of some values; given at all, where none are listed. */
export interface Condition {
  /** The name of the other option. */
  readonly option: string;
  /** The values that fulfil the condition. */
  readonly is?: readonly (boolean | string)[];
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** Sizes by name of an input. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** The value of an option in the library. */
export type ValueOf<Spec extends OptionSpec> = Spec extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Spec extends { readonly type: "switch" }
    ? boolean
    : Spec extends { readonly type: "text" }
      ? string
      : Spec extends { readonly type: "names" }
        ? readonly string[]
        : Spec extends { readonly type: "numbers" }
          ? readonly number[]
          : Spec extends { readonly type: "shapes" }
            ? Shapes
            : // A flag whose value may be left out gives true then.
              Spec extends { readonly flag: `${string} [${string}]` }
              ? number | true
              : number;

/** The options of a table as the library takes them: each may be left out. */
export type OptionsOf<Table extends OptionTable> = { readonly [Name in keyof Table]?: ValueOf<Table[Name]> };

/** The same with defaults filled in: only options without a default may be missing. */
export type SettingsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table as Table[Name] extends { readonly default: unknown } ? Name : never]: ValueOf<
    Table[Name]
  >;
} & {
  readonly [Name in keyof Table as Table[Name] extends { readonly default: unknown }
    ? never
    : Name]?: ValueOf<Table[Name]>;
};

/** An option whose value is a text. */
export type TextOption = OptionSpec & { readonly type: "text" };

/** One argument of a command. */
export interface ArgumentSpec {
  /** "<model>", or "<models...>" for several. */
  readonly name: string;
  /** One clause, without a full stop. */
  readonly help: string;
  /** The words that it can be; undefined: a path. */
  readonly words?: readonly string[];
}

/** What people do with a command: the groups of the list of commands, in its order. */
export type CommandGroup = "Optimize" | "Compare" | "Look" | "Train";

/** A command as the list of commands shows it. */
export interface CommandHead {
  /** The group that the list shows it in. */
  readonly group: CommandGroup;
  /** The word on the command line. */
  readonly name: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  /** The arguments, in their order. */
  readonly arguments: readonly ArgumentSpec[];
}

/** One command of the command line, as plain data. */
export interface CommandSpec extends CommandHead {
  /** What it does, in sentences. */
  readonly description: string;
  /** Its options, in the order of `--help`. */
  readonly tables: readonly OptionTable[];
  /** The meaning of exit code 0 beyond "done", and of exit code 1, if the command can end with it. */
  readonly outcome?: { readonly done?: string; readonly differs?: string };
  /** Names of options that must be given. */
  readonly required?: readonly string[];
  /** A switch with which none is required, because the command only lists something. */
  readonly lists?: string;
  /** Command lines, which `--help` shows. */
  readonly examples?: readonly string[];
}
