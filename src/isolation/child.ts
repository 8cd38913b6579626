import { readSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { packError } from "../base/error-record.js";
import { defined } from "../base/optional.js";
import { defaultRuntime } from "../runtime/ort.js";
import type { Entrant, Runtime, Session } from "../runtime/runtime.js";
import { takeTurns } from "../runtime/turns.js";
import { CALLS, THREADS } from "./descriptors.js";
import { encodeFrame, type Frame, FrameReader } from "./frames.js";
import { GUARD_BYTES, type Guard, guardOf } from "./guard.js";
import { takeFeeds } from "./held-tensors.js";
import { type Limits, packTensors, type Reply, type Request, requestOf } from "./messages.js";
import { startWatchdog } from "./start-watchdog.js";
import { IS_WATCHED_FROM_OUTSIDE } from "./watchman.js";

/**
 * The program of the runtime's process: it answers one request after the other. It reads and writes in blocking calls, because
 * it has nothing else to do, and a busy native call leaves no event loop to turn. It is watched over from outside or, where that
 * cannot be, by a thread of its own.
 */
async function main(): Promise<void> {
  // The terminal sends signals to every process of a command. The parent decides, and is seen to go.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  const guard = guardOf(new SharedArrayBuffer(GUARD_BYTES));
  const reader = new FrameReader();
  let runtime: Runtime;
  try {
    runtime = await defaultRuntime();
    await warmUp(runtime);
  } catch (error) {
    return send({ kind: "failed", error: packError(error) });
  }
  if (!IS_WATCHED_FROM_OUTSIDE)
    startWatchdog(join(dirname(process.argv[1] ?? ""), "watchdog.cjs"), guard.buffer);
  send({ kind: "started", name: runtime.name, version: runtime.version });
  const sessions = new Map<number, Session>();
  for (let frame = receive(reader); frame !== undefined; frame = receive(reader)) {
    await answer(frame, runtime, sessions, guard);
  }
}

/** A model of one Identity. */
const SMALLEST = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=";

/** onnxruntime sets itself up when it opens its first model; the parent is still loading its own code then. */
async function warmUp(runtime: Runtime): Promise<void> {
  const session = await runtime.open({ kind: "bytes", bytes: Buffer.from(SMALLEST, "base64") });
  await session.close();
}

async function answer(
  frame: Frame,
  runtime: Runtime,
  sessions: Map<number, Session>,
  guard: Guard,
): Promise<void> {
  try {
    const { reply, payloads } = await carryOut(requestOf(frame), frame.payloads, runtime, sessions, guard);
    send(reply, payloads);
  } catch (error) {
    send({ kind: "failed", error: packError(error) });
  }
}

/** Feeds that will be used again, by the number under which the parent knows them. */
const HELD = new Map<number, Uint8Array>();

interface Answer {
  readonly reply: Reply;
  readonly payloads?: readonly Uint8Array[];
}

async function carryOut(
  request: Request,
  payloads: readonly Uint8Array[],
  runtime: Runtime,
  sessions: Map<number, Session>,
  guard: Guard,
): Promise<Answer> {
  if (request.call === "peak") {
    return { reply: { kind: "peak", bytes: process.resourceUsage().maxRSS * 1024 } };
  }
  if (request.call === "race") {
    return await limited(request.limits, guard, async (): Promise<Answer> => {
      const entrants = entrantsOf(request, payloads, sessions);
      return { reply: { kind: "raced", times: await takeTurns(entrants, request.span) } };
    });
  }
  const session = sessions.get(request.session);
  if (request.call === "close") {
    sessions.delete(request.session);
    await session?.close();
    return { reply: { kind: "closed" } };
  }
  return await limited(request.limits, guard, async (): Promise<Answer> => {
    if (request.call === "open") {
      const { path, settings } = request;
      const [bytes = new Uint8Array(0)] = payloads;
      const model =
        path === undefined ? ({ kind: "bytes", bytes } as const) : ({ kind: "path", path } as const);
      const opened = await runtime.open(model, { ...threads(), ...settings });
      sessions.set(request.session, opened);
      const { inputs, outputs, openedIn: milliseconds } = opened;
      return { reply: { kind: "opened", inputs, outputs, ...defined({ milliseconds }) } };
    }
    const feeds = takeFeeds({ heads: request.feeds, payloads, forget: request.forget }, HELD);
    const results = await session?.run(feeds, request.outputs);
    const packed = packTensors(results ?? new Map());
    return { reply: { kind: "ran", outputs: packed.heads }, payloads: packed.payloads };
  });
}

/** The sessions of a race. Their feeds are one list of payloads, in the order of the entrants. */
function entrantsOf(
  { entrants, forget }: Extract<Request, { readonly call: "race" }>,
  payloads: readonly Uint8Array[],
  sessions: ReadonlyMap<number, Session>,
): Entrant[] {
  let taken = 0;
  const found = entrants.flatMap(({ session: number, feeds: heads }) => {
    const own = payloads.slice(taken, taken + heads.length);
    taken += heads.length;
    const feeds = takeFeeds({ heads, payloads: own, forget: [] }, HELD);
    const session = sessions.get(number);
    return session === undefined ? [] : [{ session, feeds }];
  });
  for (const number of forget) HELD.delete(number);
  return found;
}

/** Where several such processes run beside each other, each has a part of the processors. */
function threads(): { readonly threads?: number } {
  const given = Number(process.env[THREADS]);
  return given > 0 ? { threads: given } : {};
}

/** Has the watchdog watch over a call. */
async function limited<T>({ timeout, memory }: Limits, guard: Guard, call: () => Promise<T>): Promise<T> {
  guard.begin(timeout, memory);
  try {
    return await call();
  } finally {
    guard.end();
  }
}

/** The next frame; undefined where the parent has closed its end. */
function receive(reader: FrameReader): Frame | undefined {
  for (;;) {
    const room = reader.room();
    const count = readSync(CALLS, room, 0, Math.min(room.length, LARGEST_TRANSFER), null);
    if (count === 0) return undefined;
    const frame = reader.filled(count);
    if (frame !== undefined) return frame;
  }
}

/** Systems take less than 2 GB in one call. */
const LARGEST_TRANSFER = 2 ** 30;

function send(reply: Reply, payloads: readonly Uint8Array[] = []): void {
  for (const piece of encodeFrame({ header: reply, payloads })) {
    for (let done = 0; done < piece.length; ) {
      done += writeSync(CALLS, piece, done, Math.min(piece.length - done, LARGEST_TRANSFER));
    }
  }
}

main().then(
  () => process.exit(),
  // The parent's end is closed: it has gone.
  () => process.exit(1),
);
