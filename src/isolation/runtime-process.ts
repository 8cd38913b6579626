import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { unpackError } from "../base/error-record.js";
import { whileWaiting } from "../node/interrupt.js";
import { setJanitor } from "../node/temporary.js";
import { CALLS, REASON, WATCH } from "./descriptors.js";
import { encodeFrame, type Frame, FrameReader } from "./frames.js";
import { HeldTensors } from "./held-tensors.js";
import { InsideWatch } from "./inside-watch.js";
import { type Limits, type Reply, type Request, replyOf } from "./messages.js";
import { OutsideWatch } from "./outside-watch.js";
import { guardRuntime, takeRuntime } from "./spawn.js";
import type { Watchman } from "./watchman.js";

/** A request that waits for its answer. */
interface Pending {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: unknown) => void;
  /** Of a call that may take long. */
  readonly limits: Limits | undefined;
}

/** The end of a process that was not asked to end. */
export interface Ending {
  /** "SIGSEGV", or "exit code 3". */
  readonly how: string;
  /** The limit that it passed. */
  readonly passed: "time" | "memory" | undefined;
  /** The reason that native code printed. */
  readonly said: string;
  /** False: it ended before the runtime was loaded. */
  readonly hasStarted: boolean;
}

/** Thrown at whoever waits for an answer of a process that ended: the first of them waits for what ended it. */
export class ProcessEnded extends Error {
  readonly ending: Ending;
  readonly isCause: boolean;

  constructor(ending: Ending, isCause: boolean) {
    super(ending.how);
    this.ending = ending;
    this.isCause = isCause;
  }
}

/**
 * A process that runs models. It answers requests in their order. It does not keep this process alive while nobody waits for
 * it, and ends when this process ends, however that comes about.
 */
export class RuntimeProcess {
  /** The feeds that it holds. */
  readonly held: HeldTensors = new HeldTensors();
  readonly #child: ChildProcess;
  readonly #calls: Socket;
  readonly #sockets: readonly Socket[];
  readonly #watchman: Watchman;
  readonly #pending: Pending[] = [];
  readonly #reader = new FrameReader();
  readonly #started: Promise<Reply>;
  #hasStarted = false;
  #ending: Ending | undefined;
  #said = "";

  constructor() {
    const child = takeRuntime();
    this.#child = child;
    const { said, calls, watch, reason } = socketsOf(child);
    this.#sockets = [said, calls, watch, reason].filter((socket) => socket !== undefined);
    this.#watchman = watch && reason ? new InsideWatch(watch, reason) : new OutsideWatch(child);
    guardRuntime(() => this.#watchman.close());
    this.#calls = calls;
    calls.on("data", (bytes: Uint8Array) => {
      // Where an answer comes, nothing is computed any more.
      this.#watchman.end();
      for (const frame of this.#reader.push(bytes)) {
        this.#pending.shift()?.resolve(frame);
        this.#watch();
      }
    });
    said.on("data", (bytes: Uint8Array) => {
      this.#said = (this.#said + String(bytes)).slice(-KEPT);
    });
    // A process that has ended is reported once, by its "close".
    for (const socket of this.#sockets) socket.on("error", () => {});
    child.once("error", (error) => this.#end(error.message));
    child.once("close", (code, signal) => this.#end(signal ?? `exit code ${code}`));
    setJanitor((change) => this.#watchman.tell(change));
    this.#keepAlive(false);
    process.once("exit", this.#kill);
    this.#started = this.#answer(undefined).then((frame) => {
      this.#hasStarted = true;
      return replyOf(frame);
    });
    // Whoever asks for the runtime gets the failure.
    this.#started.catch(() => {});
  }

  /** True once the process has ended. */
  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Waits until the runtime is loaded. Throws as `request` does. */
  started(): Promise<Reply> {
    return whileWaiting(() => this.#started);
  }

  /** Sends a request and waits for its answer. Throws ProcessEnded, or the NormfoldError that the process sent. */
  async request(header: Request, payloads: readonly Uint8Array[] = []): Promise<Frame> {
    if (this.#ending !== undefined) throw new ProcessEnded(this.#ending, !this.#hasStarted);
    const answer = whileWaiting(() => this.#answer("limits" in header ? header.limits : undefined));
    for (const piece of encodeFrame({ header, payloads })) this.#calls.write(piece);
    const frame = await answer;
    const reply = replyOf(frame);
    if (reply.kind === "failed") throw unpackError(reply.error);
    return frame;
  }

  readonly #kill = (): void => {
    this.#watchman.close();
    this.#child.kill("SIGKILL");
  };

  /** Has the call that is carried out watched over. */
  #watch(): void {
    const [running] = this.#pending;
    if (running?.limits === undefined) this.#watchman.end();
    else this.#watchman.begin(running.limits);
  }

  async #answer(limits: Limits | undefined): Promise<Frame> {
    if (this.#pending.length === 0) this.#keepAlive(true);
    try {
      return await new Promise<Frame>((resolve, reject) => {
        this.#pending.push({ resolve, reject, limits });
        if (this.#pending.length === 1) this.#watch();
      });
    } finally {
      if (this.#pending.length === 0) this.#keepAlive(false);
    }
  }

  /** Only whoever waits for an answer keeps this process alive. */
  #keepAlive(isWaiting: boolean): void {
    for (const handle of [this.#child, ...this.#sockets]) {
      if (isWaiting) handle.ref();
      else handle.unref();
    }
  }

  #end(how: string): void {
    process.removeListener("exit", this.#kill);
    setJanitor(undefined);
    this.#watchman.close();
    const { passed } = this.#watchman;
    const said = LAST_WORDS.exec(this.#said)?.[0].trim() ?? "";
    this.#ending ??= { how, passed, said, hasStarted: this.#hasStarted };
    for (const [index, { reject }] of this.#pending.splice(0).entries()) {
      reject(new ProcessEnded(this.#ending, index === 0 || !this.#hasStarted));
    }
  }
}

interface Sockets {
  /** Standard error. */
  readonly said: Socket;
  readonly calls: Socket;
  /** Of a process that watches over itself. */
  readonly watch: Socket | undefined;
  readonly reason: Socket | undefined;
}

/** The pipes of a process; Node's types know neither how many there are nor that they are sockets. */
function socketsOf({ stdio }: ChildProcess): Sockets {
  const pipes = stdio as unknown as readonly [null, null, Socket, ...Socket[]];
  const [, , said] = pipes;
  return { said, calls: pipes[CALLS] ?? said, watch: pipes[WATCH], reason: pipes[REASON] };
}

/** What C++, its library and V8 print before they abort; of an exception, its message. */
const LAST_WORDS =
  /(?<=what\(\): ).+|(?:FATAL ERROR|free\(\)|malloc|double free|corrupted).*|terminate called(?! after throwing).*/;

/** Characters of what native code prints that are kept: an abort's reason comes last. */
const KEPT = 4096;
