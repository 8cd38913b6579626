import { createRequire } from "node:module";
import pc from "picocolors";
import { defined } from "../base/optional.js";
import { visibleJson } from "../base/visible.js";
import type { Content, Documents, Envelope, ErrorDocument, ErrorRecord } from "../contract/documents.js";
import { codeOf, ioError } from "../node/guarded.js";
import { writeStandard } from "../node/stdout.js";
import type { Style } from "../report/style.js";

/** The stream for human text: stdout, or stderr where stdout carries a model. */
export type Channel = "stdout" | "stderr";

/** The channel for human text, where the model goes to `target`. */
export function channelOf(target: string | undefined): Channel {
  return target === "-" ? "stderr" : "stdout";
}

/** Colours where the channel is a terminal that wants them: NO_COLOR, FORCE_COLOR and TERM=dumb are respected. */
export function styleFor(channel: Channel): Style {
  const { bold, dim, green, yellow, red, cyan } = pc.createColors(wantsColors(channel));
  return { bold, dim, green, yellow, red, cyan };
}

/** No colours, for files. */
export function plainStyle(): Style {
  const { bold, dim, green, yellow, red, cyan } = pc.createColors(false);
  return { bold, dim, green, yellow, red, cyan };
}

export function wantsColors(channel: Channel): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return true;
  return process[channel].isTTY === true && TERM !== "dumb";
}

/** Listens to errors of the streams, which would end the process otherwise; `write` and `flush` report them. */
export function guardStreams(): void {
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
}

/**
 * Writes text and waits until it is out. A reader that closes the pipe early (`| head`) is no
 * error. Throws NormfoldError "io" for others.
 */
export async function write(text: string, channel: Channel = "stdout"): Promise<void> {
  try {
    await writeStandard(channel === "stdout" ? 1 : 2, new TextEncoder().encode(text));
  } catch (error) {
    if (!isBrokenPipe(error)) throw ioError(error, standard(channel), "write");
  }
}

/** The document of a command, as JSON: that is all that stands on standard output. */
export function writeDocument<Command extends keyof Documents>(
  command: Command,
  content: Content<Command>,
): Promise<void> {
  return writeJson(documentOf(command, content));
}

/** The document of a command. */
export function documentOf<Command extends keyof Documents>(
  command: Command,
  content: Content<Command>,
): Omit<Envelope, "command"> & { readonly command: Command } & Content<Command> {
  return Object.assign(envelope(), { command }, content);
}

/** The document of a command that failed. */
export function errorDocumentOf(command: string | undefined, error: ErrorRecord): ErrorDocument {
  return { ...envelope(), ...defined({ command }), error };
}

function envelope(): Omit<Envelope, "command"> {
  return { schemaVersion: 1, program: { name: "normfold", version: programVersion() } };
}

function writeJson(document: object): Promise<void> {
  return write(`${visibleJson(document, 2)}\n`);
}

function isBrokenPipe(error: unknown): boolean {
  return ["EPIPE", "ERR_STREAM_DESTROYED"].includes(codeOf(error));
}

/** The version of this package. */
export function programVersion(): string {
  const manifest: { readonly version: string } = createRequire(import.meta.url)("normfold/package.json");
  return manifest.version;
}

/** How errors name it. */
export const STANDARD_OUTPUT = "standard output";

function standard(channel: Channel): string {
  return channel === "stdout" ? STANDARD_OUTPUT : "standard error";
}
