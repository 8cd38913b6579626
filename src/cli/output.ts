import pc from "picocolors";
import { visibleJson } from "../base/visible.js";
import { ioError } from "../node/guarded.js";
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
  const error = await written(channel, text);
  if (error !== undefined && !isBrokenPipe(error)) throw ioError(error, standard(channel), "write");
}

/** One JSON document. */
export function writeJson(document: object): Promise<void> {
  return write(`${visibleJson(document, 2)}\n`);
}

/** Waits until everything on stdout is out; throws NormfoldError "io" where some of it was lost. */
export async function flush(): Promise<void> {
  const error = await written("stdout", "");
  if (error !== undefined) throw ioError(error, standard("stdout"), "write");
}

function written(channel: Channel, text: string): Promise<Error | undefined> {
  const stream = process[channel];
  // After an error every further write fails with ERR_STREAM_DESTROYED, which says less than the first one.
  const first = stream.errored;
  if (first) return Promise.resolve(first);
  return new Promise((resolve) => {
    stream.write(text, (error) => resolve(error ?? undefined));
  });
}

function isBrokenPipe(error: Error): boolean {
  return "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}

function standard(channel: Channel): string {
  return channel === "stdout" ? "standard output" : "standard error";
}
