import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  // The command line.
  unknownFlag: [
    "usage",
    (flag: string, meant: string | undefined, help: string): string =>
      `there is no option "${flag}"; ${meant === undefined ? `"${help}" lists them` : `did you mean "${meant}"?`}`,
  ],
  flagIsAnothers: [
    "usage",
    (flag: string, tool: string, ours: string): string => `"${flag}" is a flag of ${tool}; here: ${ours}`,
  ],
  commandIsAnothers: [
    "usage",
    (name: string, tool: string, ours: string): string =>
      `"${name}" is a command of ${tool}; here it is ${ours}`,
  ],
  unknownCommand: [
    "usage",
    (name: string, meant: string | undefined): string =>
      `there is no command "${name}"; ${
        meant === undefined ? '"normfold help" lists them' : `did you mean "${meant}"?`
      }`,
  ],
  modelStandsForCommand: [
    "usage",
    (path: string): string =>
      `there is no command "${path}"; to optimize a model, write "normfold optimize <model> -o <file>"`,
  ],
  argumentIsMissing: [
    "usage",
    (name: string, call: string): string => `the argument "${name}" is missing; write "${call}"`,
  ],
  tooManyArguments: ["usage", (call: string): string => `there are too many arguments; write "${call}"`],
  flagValueIsMissing: [
    "usage",
    (flag: string): string => `the value of an option is missing; write "${flag}"`,
  ],
  commandLineIsWrong: ["usage", (sentence: string): string => `${sentence}; "normfold help" says more`],

  operatorIsUnknown: [
    "usage",
    (name: string, meant: string | undefined): string =>
      `ONNX's standard domain has no operator "${name}"; ${
        meant === undefined ? '"normfold passes --operators" lists those it has' : `did you mean "${meant}"?`
      }`,
  ],

  // Where a model comes from and where it goes.
  targetIsMissing: ["usage", (flags: string): string => `there is no place to write to; give ${flags}`],
  targetIsGivenTwice: ["usage", (): string => "both --output and --in-place were given; give one"],
  targetIsInput: ["usage", (path: string, wayOut: string): string => `"${path}" is the input; ${wayOut}`],
  targetIsOneOfTheModels: [
    "usage",
    (path: string): string => `"${path}" is one of the models; give another file to --output`,
  ],
  targetIsRead: [
    "usage",
    (path: string): string => `"${path}" is read by this command; write to another file`,
  ],
  outputsAreOneFile: ["usage", (path: string): string => `two outputs would go to "${path}"; give two files`],
  standardInputIsNoOutput: ["usage", (): string => "standard input cannot be written over; give --output"],
  standardOutputIsTaken: [
    "usage",
    (): string => "the model and the JSON cannot both go to standard output; give a file to --output",
  ],
  reporterIsUnknown: [
    "usage",
    (text: string, names: readonly string[]): string =>
      `there is no reporter "${text}"; give some of ${names.join(", ")}, each alone or as name=file`,
  ],
  reportersShareStdout: [
    "usage",
    (name: string): string =>
      `${name} and another reporter would share standard output; give one of them a file, as ${name}=file`,
  ],
  standardOutputIsTerminal: [
    "usage",
    (): string => "a model is binary and standard output a terminal; redirect it",
  ],
  standardOutputHasNoDataFile: [
    "usage",
    (): string => "standard output has no file beside it; leave out --external-data",
  ],
  modelsAreOneFile: ["usage", (path: string): string => `both models are "${path}"; give two files`],

  // Results that are not written.
  budgetIsMissed: [
    "check",
    (what: string, isWritten: boolean): string =>
      `the result misses its budget: ${what}${isWritten ? "" : "; nothing was written"}`,
  ],
  noPlaceForNormalization: [
    "usage",
    (): string =>
      "there is no place for a BatchNormalization, and nothing was written; --dry-run lists the places and why",
  ],

  unknownShell: [
    "usage",
    (name: string, shells: readonly string[]): string =>
      `there is no completion for "${name}"; choose among ${shells.join(", ")}`,
  ],
  nothingToLookFor: [
    "usage",
    (): string => "it is not said what goes wrong with the model; give --run or --predicate",
  ],

  versionStandsAlone: [
    "usage",
    (flag: string, command: string): string =>
      `"${flag}" prints the version and does nothing else; leave it out, or leave out "${command}"`,
  ],

  // Errors that are not NormfoldErrors.
  commandCrashed: [
    "unsupported",
    (how: string): string => `onnxruntime crashed, or memory ran out (${how}); nothing was written`,
  ],
  outOfMemory: ["unsupported", (text: string): string => text],
  unexpected: ["internal", (text: string): string => text],
  commandStalls: ["internal", (): string => "the command waits for something that never comes"],
} as const;

/** The errors of the command line. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
