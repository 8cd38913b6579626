import { writeSync } from "node:fs";
import { NormfoldError } from "../base/errors.js";
import { visibleLines } from "../base/visible.js";
import type { ErrorRecord } from "../contract/documents.js";
import { shown } from "../report/layout.js";
import { errors } from "./errors.js";
import { EXIT } from "./exit.js";
import { STANDARD_OUTPUT, styleFor, write } from "./output.js";
import { type Reporting, sendError } from "./reporting.js";
import { UNSETTLED } from "./unsettled.js";
import { writtenFiles } from "./written.js";

/** Columns of an error, which may quote a name that is as long as a stranger likes. --json has it in full. */
const LONGEST = 2000;

const REPORT = "please report it, with the model if you can, to the issue tracker of normfold";

/** The command that failed, and how it was to say what it does; undefined: there is no command of that name. */
export interface Asked {
  readonly command: string | undefined;
  readonly reporting: Reporting;
}

/** Says what went wrong, in one line on stderr or, where it was asked for, as a document on stdout; gives the exit code. */
export async function reportFailure(error: unknown, asked?: Asked): Promise<number> {
  const failure = withWritten(toNormfoldError(error));
  const { NORMFOLD_DEBUG } = process.env;
  try {
    const reporting = isOfStandardOutput(failure) ? undefined : asked?.reporting;
    if (reporting !== undefined) await sendError(reporting, asked?.command, errorRecord(failure));
    // A document on standard output says it all.
    if (!reporting?.reporters.some(({ name, file }) => name === "json" && file === undefined))
      await printError(failure);
    if (NORMFOLD_DEBUG === "1" && error instanceof Error) {
      await write(`${visibleLines(error.stack ?? "")}\n`, "stderr");
    }
  } catch {
    // The output is closed, so the error cannot be reported.
  }
  return EXIT[failure.code];
}

/** An error as documents have it. */
export function errorRecord({
  code,
  id,
  message,
  where,
}: Pick<NormfoldError, "code" | "id" | "message" | "where">): ErrorRecord {
  return { code, id, message, ...where, exitCode: EXIT[code] };
}

/** One line on stderr. */
export async function printError(failure: NormfoldError): Promise<void> {
  await write(`${styleFor("stderr").red("error:")} ${errorLine(failure)}\n`, "stderr");
}

/** Has the end of a command that waits for nothing, of which Node says nothing, reported like any other bug. */
export function reportStalls(): void {
  process.once("exit", () => {
    if (process.exitCode !== UNSETTLED) return;
    process.exitCode = EXIT.internal;
    writeSync(2, `${styleFor("stderr").red("error:")} ${errorLine(errors.commandStalls())}\n`);
  });
}

/** Then the JSON document cannot say it. */
function isOfStandardOutput({ code, where }: NormfoldError): boolean {
  return code === "io" && where.file === STANDARD_OUTPUT;
}

/** An error after a file has its name says so: "the disk is full" behind standard output is none of the model. */
function withWritten(failure: NormfoldError): NormfoldError {
  const files = writtenFiles();
  return files.length === 0 ? failure : failure.adding(`written before that: ${files.join(", ")}`);
}

function errorLine(failure: NormfoldError): string {
  const text = shown(failure.describe(), LONGEST);
  return failure.code === "internal" ? `internal: ${text}; ${REPORT}` : text;
}

export function toNormfoldError(error: unknown): NormfoldError {
  if (error instanceof NormfoldError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const make = isOutOfMemory(error) ? errors.outOfMemory : errors.unexpected;
  return make(message).because(error);
}

/** V8 has no type for the end of memory, only these words; a model can be larger than the machine. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed/i.test(error.message);
}
