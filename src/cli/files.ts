import { assertNamesOnnx } from "../node/extensions.js";
import { assertWritable, isInFolder, isSameFile, STANDARD } from "../node/paths.js";
import { removeTemporaryFiles } from "../node/temporary.js";
import { errors } from "./errors.js";
import { onInterrupt } from "./exit.js";

/** Refuses to write over what a command reads beside its model, and to write two outputs into one file. */
export function assertApart(
  outputs: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): void {
  const [written, read] = [filesAmong(outputs), filesAmong(inputs)];
  for (const [index, output] of written.entries()) {
    if (written.slice(0, index).some((other) => isSameFile(other, output)))
      throw errors.outputsAreOneFile(output);
    if (read.some((input) => isSameFile(input, output) || isPartOf(output, input)))
      throw errors.targetIsRead(output);
  }
}

function filesAmong(paths: readonly (string | undefined)[]): string[] {
  return paths.flatMap((path) => (path === undefined || path === STANDARD ? [] : [path]));
}

/** True for a file that is there, in a folder of data; a model may be written beside the data. */
function isPartOf(output: string, input: string): boolean {
  return !output.toLowerCase().endsWith(".onnx") && isInFolder(output, input);
}

/** Has unfinished files removed when the process is interrupted. */
export async function removeTemporariesOnInterrupt(): Promise<void> {
  onInterrupt(removeTemporaryFiles);
}

export interface TargetRules {
  /** The JSON goes to standard output. */
  readonly json?: boolean | undefined;
  /** The flags that would name a target. */
  readonly flags?: string;
  /** The target may be the input. */
  readonly mayBeInput?: boolean;
  /** The advice where the target is the input and may not be. */
  readonly wayOut?: string;
}

/** The file to which a command writes its model, or "-". Throws "usage" and "io" before the work, not after it. */
export function assertTarget(
  input: string,
  output: string | undefined,
  { json, flags = "--output <file>", mayBeInput = false, wayOut = "give another file" }: TargetRules,
): string {
  if (output === undefined) throw errors.targetIsMissing(flags);
  if (output === STANDARD) {
    if (json) throw errors.standardOutputIsTaken();
    if (process.stdout.isTTY) throw errors.standardOutputIsTerminal();
    return output;
  }
  if (!mayBeInput && input !== STANDARD && isSameFile(input, output))
    throw errors.targetIsInput(output, wayOut);
  assertNamesOnnx(output);
  assertWritable(output);
  return output;
}
