import { resolve } from "node:path";
import { unpackError } from "../base/error-record.js";
import type { NormfoldError } from "../base/errors.js";
import { defined } from "../base/optional.js";
import { errors } from "../runtime/errors.js";
import type {
  Entrant,
  Port,
  Runtime,
  RuntimeModel,
  RuntimeTensor,
  Session,
  SessionSettings,
  Span,
  TensorMap,
} from "../runtime/runtime.js";
import type { Frame } from "./frames.js";
import type { PackedFeeds } from "./held-tensors.js";
import { type Limits, replyOf, unpackTensors } from "./messages.js";
import { ProcessEnded, RuntimeProcess } from "./runtime-process.js";
import { spawnRuntime, stopRuntime } from "./spawn.js";

let shared: RuntimeProcess | undefined;

/** The process that runs, or a new one. It is shared: to load onnxruntime takes longer than to run a small model. */
function sharedProcess(): RuntimeProcess {
  if (shared === undefined || shared.hasEnded) shared = new RuntimeProcess();
  return shared;
}

/**
 * onnxruntime in a process of its own. A model that ends that process, or makes it pass a limit, is an error like any other
 * that the runtime gives; the next call starts a new process, in which open sessions are opened again.
 */
export async function isolatedRuntime(limits: Limits): Promise<Runtime> {
  const { name, version } = await started();
  return {
    name,
    version,
    open: async (model, settings = {}) => {
      const session = new IsolatedSession(model, settings, limits);
      await session.open();
      return session;
    },
    race: (entrants, span) => race(entrants, span, limits),
  };
}

/** Measures sessions in the process where they are: between two processes a small model would not be seen. */
async function race(
  entrants: readonly Entrant[],
  span: Span,
  { timeout, memory }: Limits,
): Promise<readonly (readonly number[])[]> {
  const sessions = entrants.map(({ session, feeds }) => {
    if (!(session instanceof IsolatedSession)) throw errors.sessionIsOfAnother();
    return { session, feeds };
  });
  // Each session may take its time for each of the least runs.
  const seconds = (timeout * (span.leastRuns + 1) + span.milliseconds / 1000) * sessions.length;
  const frame = await retried("run", { timeout: seconds, memory }, async (home) => {
    const packed = [];
    for (const { session, feeds } of sessions) packed.push(await session.packedFor(home, feeds));
    return await home.request(
      {
        call: "race",
        entrants: packed.map(({ session, heads }) => ({ session, feeds: heads })),
        forget: packed.flatMap(({ forget }) => forget),
        span,
        limits: { timeout: seconds, memory },
      },
      packed.flatMap(({ payloads }) => payloads),
    );
  });
  const reply = replyOf(frame);
  return reply.kind === "raced" ? reply.times : [];
}

/** Tries a call again in a new process while calls of others end the old one. Each time it is another call that ends. */
async function retried(
  doing: "load" | "run",
  limits: Limits,
  call: (home: RuntimeProcess) => Promise<Frame>,
): Promise<Frame> {
  for (;;) {
    try {
      return await call(sharedProcess());
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      if (error.isCause) throw explained(doing, limits, error);
    }
  }
}

function explained(
  doing: "load" | "run",
  { timeout, memory }: Limits,
  { ending }: ProcessEnded,
): NormfoldError {
  const what = `onnxruntime cannot ${doing} the model` as const;
  if (!ending.hasStarted) return errors.runtimeProcessEnded(ending.how);
  if (ending.passed === "time") return errors.runtimeTakesTooLong(what, timeout);
  if (ending.passed === "memory") return errors.runtimeTakesTooMuch(what, memory);
  return errors.runtimeCrashes(what, ending.how, ending.said);
}

/** The most memory that the process has taken, in bytes; undefined where none runs. */
export async function runtimePeak(): Promise<number | undefined> {
  if (shared === undefined || shared.hasEnded) return undefined;
  const reply = await shared.request({ call: "peak" }).then(replyOf, () => undefined);
  return reply?.kind === "peak" ? reply.bytes : undefined;
}

/** Ends the process that runs, with whatever a model may have left in it, and starts the next one beside the caller's work. */
export async function renewRuntime(): Promise<void> {
  shared = undefined;
  await stopRuntime();
  spawnRuntime();
}

/** Lets answers arrive between two steps of a long computation. */
export function turnEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function started(): Promise<{ readonly name: string; readonly version: string }> {
  try {
    const reply = await sharedProcess().started();
    if (reply.kind === "failed") throw unpackError(reply.error);
    if (reply.kind === "started") return reply;
    throw errors.runtimeProcessEnded("it gave no sign");
  } catch (error) {
    throw error instanceof ProcessEnded ? errors.runtimeProcessEnded(error.ending.how) : error;
  }
}

let sessions = 0;

class IsolatedSession implements Session {
  inputs: readonly Port[] = [];
  outputs: readonly Port[] = [];
  openedIn = 0;
  readonly #model: RuntimeModel;
  readonly #settings: SessionSettings;
  readonly #limits: Limits;
  readonly #number = sessions++;
  /** The process in which it is open. */
  #home: RuntimeProcess | undefined;

  constructor(model: RuntimeModel, settings: SessionSettings, limits: Limits) {
    this.#model = model.kind === "path" ? { kind: "path", path: resolve(model.path) } : model;
    this.#settings = settings;
    this.#limits = limits;
  }

  async open(): Promise<void> {
    await retried("load", this.#limits, (home) => this.#openIn(home));
  }

  async run(feeds: TensorMap, outputs?: readonly string[]): Promise<Map<string, RuntimeTensor>> {
    const frame = await retried("run", this.#limits, async (home) => {
      const { session, heads, payloads, forget } = await this.packedFor(home, feeds);
      const settings = { session, limits: this.#limits, ...defined({ outputs }) };
      return await home.request({ call: "run", feeds: heads, forget, ...settings }, payloads);
    });
    const reply = replyOf(frame);
    return reply.kind === "ran" ? unpackTensors(reply.outputs, frame.payloads) : new Map();
  }

  /** Its number in the process, in which it is open then, and feeds for it there. */
  async packedFor(
    home: RuntimeProcess,
    feeds: TensorMap,
  ): Promise<PackedFeeds & { readonly session: number }> {
    if (this.#home !== home) await this.#openIn(home);
    return { session: this.#number, ...home.held.pack(this.#wanted(feeds)) };
  }

  close(): Promise<void> {
    const home = this.#home;
    this.#home = undefined;
    // Nobody waits for it: requests keep their order. A process that has ended has closed its sessions.
    home?.request({ call: "close", session: this.#number }).catch(() => {});
    return Promise.resolve();
  }

  /** The feeds that the model takes, so that no others are sent. */
  #wanted(feeds: TensorMap): TensorMap {
    const names = new Set(this.inputs.map(({ name }) => name));
    return new Map([...feeds].filter(([name]) => names.has(name)));
  }

  async #openIn(home: RuntimeProcess): Promise<Frame> {
    const frame = await home.request(
      {
        call: "open",
        session: this.#number,
        settings: this.#settings,
        limits: this.#limits,
        ...(this.#model.kind === "path" ? { path: this.#model.path } : {}),
      },
      this.#model.kind === "bytes" ? [this.#model.bytes] : [],
    );
    const reply = replyOf(frame);
    if (reply.kind === "opened")
      [this.inputs, this.outputs, this.openedIn] = [reply.inputs, reply.outputs, reply.milliseconds ?? 0];
    this.#home = home;
    return frame;
  }
}
