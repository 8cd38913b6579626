import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { NormfoldError } from "../../base/errors.js";
import { errors } from "../errors.js";
import type { Reply, Request } from "./module-worker.js";

/** Samples that the thread may make before they are asked for. */
const AHEAD = 32;

/** Seconds that a module may take to load, and for each sample. */
const MODULE_TIMEOUT = 30;

/** The messages about one round through the samples. */
interface Inbox {
  readonly replies: Reply[];
  wake: (() => void) | undefined;
}

/**
 * A module with samples, in a thread of its own: one that loops for ever, exits, or fails between two samples then ends the
 * thread, and never this process. What it prints goes to standard error, because standard output may carry a model.
 */
export class ModuleThread {
  readonly #path: string;
  readonly #seconds: number;
  readonly #worker: Worker;
  readonly #inboxes = new Map<number, Inbox>();
  #rounds = 0;
  #failure: NormfoldError | undefined;
  #isReported = false;
  #isClosed = false;

  constructor(path: string, seconds: number = MODULE_TIMEOUT) {
    this.#path = path;
    this.#seconds = seconds;
    const url = pathToFileURL(resolve(path)).href;
    this.#worker = new Worker(workerFile(), { workerData: url, stdout: true, execArgv: [] });
    // It keeps this process alive only while something waits for it.
    this.#worker.unref();
    this.#worker.stdout.on("data", (text: Uint8Array) => process.stderr.write(text));
    this.#worker.on("message", (reply: Reply) => this.#deliver(reply));
    this.#worker.on("error", (error: unknown) =>
      this.#fail(errors.moduleFails("while it runs", reasonOf(error))),
    );
    this.#worker.on("exit", () => this.#fail(errors.moduleEndsEarly()));
  }

  /** One round through the samples, which the module makes anew, or the first `limit` of them. Throws NormfoldError. */
  async *samples(limit: number = Number.POSITIVE_INFINITY): AsyncGenerator<unknown, void, undefined> {
    const id = this.#rounds++;
    const inbox: Inbox = { replies: [], wake: undefined };
    this.#inboxes.set(id, inbox);
    this.#post({ kind: "open", id });
    try {
      let asked = 0;
      for (let given = 0; given < limit; given++) {
        if (asked === given || (asked - given < AHEAD / 2 && asked < limit)) {
          const count = Math.min(AHEAD, limit - asked);
          this.#post({ kind: "more", id, count });
          asked += count;
        }
        const reply = await this.#receive(inbox);
        if (reply.kind === "end") return;
        if (reply.kind !== "sample") throw errorOf(reply).at({ file: this.#path });
        yield reply.sample;
      }
    } finally {
      this.#inboxes.delete(id);
      this.#post({ kind: "close", id });
    }
  }

  /** Ends the thread. Throws where the module failed and no round has said so. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker.terminate();
    if (this.#failure !== undefined && !this.#isReported) throw this.#reported(this.#failure);
  }

  #post(request: Request): void {
    if (this.#failure === undefined) this.#worker.postMessage(request);
  }

  #deliver(reply: Reply): void {
    const inbox = this.#inboxes.get(reply.id);
    inbox?.replies.push(reply);
    inbox?.wake?.();
  }

  #fail(error: NormfoldError): void {
    if (this.#isClosed) return;
    this.#failure ??= error.at({ file: this.#path });
    for (const inbox of this.#inboxes.values()) inbox.wake?.();
  }

  #reported(error: NormfoldError): NormfoldError {
    this.#isReported = true;
    return error;
  }

  async #receive(inbox: Inbox): Promise<Reply> {
    if (inbox.replies.length === 0 && this.#failure === undefined) {
      this.#worker.ref();
      await this.#woken(inbox);
      this.#worker.unref();
    }
    if (this.#failure !== undefined) throw this.#reported(this.#failure);
    return inbox.replies.shift() ?? this.#receive(inbox);
  }

  #woken(inbox: Inbox): Promise<void> {
    return new Promise((wake) => {
      const timer = setTimeout(() => {
        this.#fail(errors.moduleTakesTooLong(this.#seconds));
        void this.#worker.terminate();
      }, this.#seconds * 1000);
      inbox.wake = () => {
        clearTimeout(timer);
        inbox.wake = undefined;
        wake();
      };
    });
  }
}

function errorOf(reply: Exclude<Reply, { kind: "sample" | "end" }>): NormfoldError {
  if (reply.kind === "no-module") return errors.moduleDoesNotLoad(reply.reason);
  if (reply.kind === "no-samples") return errors.moduleExportsNoSamples();
  return errors.moduleFails(reply.when, reply.reason);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** A thread is a file. It is found by the name of the package, because bundles of this module stand elsewhere. */
function workerFile(): string {
  const root = dirname(createRequire(import.meta.url).resolve("normfold/package.json"));
  return join(root, "dist/src/node/data/module-worker.js");
}
