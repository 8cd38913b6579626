import { encodeModel } from "../proto/encode.js";
import { errors } from "./errors.js";
import { type Predicate, withoutPlaces } from "./symptoms.js";

/** A command that says by its end whether something is wrong with a model. */
export interface CommandOptions {
  /** The command line for the shell; each pair of braces in it stands for the file of the model. */
  readonly run: string;
  /** The exit code that counts as wrong. Default: the one that the command has on the whole model, other than 0. */
  readonly exitCode?: number;
  /** A regular expression that the command's output must match too. */
  readonly match?: string;
  /** Seconds that one try may take. Default 60. */
  readonly timeout?: number;
}

/** Where the path of the model goes. */
const PLACE = "{}";

/** Bytes from which on a model cannot be one file. */
const PROTOBUF_LIMIT = 2 ** 31 - 1;

/** Exit codes by which a shell says that it did not find or could not start a command. */
const NOT_STARTED: readonly number[] = [126, 127];

/** The predicate of a command. Throws NormfoldError "usage" for a command without a place for the model, and for a wrong expression. */
export function commandPredicate({ run, exitCode, match, timeout = 60 }: CommandOptions): Predicate {
  if (!run.includes(PLACE)) throw errors.commandTakesNoModel();
  const wanted = match === undefined ? undefined : expressionOf(match);
  const nothing =
    wanted === undefined
      ? `the command ends with exit code 0${exitCode === undefined ? "" : `, or another than ${exitCode}`}`
      : `the command ends otherwise, or its output does not match "${match}"`;
  let said: string | undefined;
  return {
    nothing,
    said: () => said,
    observe: async (model, signal) => {
      const { writeTemporaryModel } = await import("../node/files.js");
      const { exitText, runCommand } = await import("../node/run-command.js");
      const isLarge = encodeModel(model, { embedExternal: true }).byteLength > PROTOBUF_LIMIT;
      const file = await writeTemporaryModel(model, isLarge);
      try {
        const command = run.replaceAll(PLACE, () => quotedPath(file.model.path));
        const { code, output } = await runCommand(command, timeout, signal);
        said = withoutPlaces(output.trimEnd().split("\n").at(-1) ?? "");
        if (code !== undefined && NOT_STARTED.includes(code) && code !== exitCode)
          throw errors.commandDoesNotStart(code);
        if (wanted !== undefined && !wanted.test(output)) return undefined;
        if (exitCode !== undefined) return code === exitCode ? exitText(exitCode) : undefined;
        if (code === 0 && wanted === undefined) return undefined;
        const end = code === undefined ? `no end within ${timeout} seconds` : exitText(code);
        return wanted === undefined ? end : `${end}, with "${match}" in the output`;
      } finally {
        await file.dispose();
      }
    },
  };
}

function expressionOf(text: string): RegExp {
  try {
    return new RegExp(text, "m");
  } catch (error) {
    throw errors.expressionIsWrong(text, error instanceof Error ? error.message : String(error));
  }
}

/** A path as one word for the shell: a temporary folder may have spaces in its name. */
function quotedPath(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path}"`;
}
