import { type ChildProcess, fork } from "node:child_process";
import { unpackError } from "../base/error-record.js";
import { THREADS } from "../isolation/descriptors.js";
import type { OptimizedFile } from "../job/optimize-file.js";
import { errors } from "./errors.js";
import { WORKER, type WorkerReply, type WorkerRequest } from "./worker-messages.js";

/** Bytes that a worker and its process of onnxruntime may have taken at most before another takes its place. */
const OUTGROWN = 1.5e9;

/** A process that works on models, and what it does. */
interface Worker {
  readonly child: ChildProcess;
  /** Ends the wait for a reply. */
  waiting: ((reply: WorkerReply | Ended) => void) | undefined;
}

/** The worker has gone. */
interface Ended {
  readonly kind: "ended";
  readonly how: string;
}

/** Options of a pool. */
export interface PoolOptions {
  /** The program of the workers; it is started with `WORKER` in its environment. */
  readonly script: string;
  /** Threads that onnxruntime may use in each worker. */
  readonly threads: number;
}

/**
 * Processes that optimize models. Each does many, one after the other, with one process of onnxruntime. One that ends takes only its
 * model with it, and one that has grown large is let go, since memory once taken is hardly given back.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Does a job in a worker that has nothing to do, or in a new one. Throws the NormfoldError of the job. */
  async run(job: WorkerRequest): Promise<OptimizedFile> {
    const worker = this.#idle.pop() ?? (await this.#start());
    const reply = await this.#reply(worker, () => worker.child.send(job));
    if (reply.kind === "ended") throw errors.workerEnded(reply.how).at({ file: job.input });
    const memory = reply.kind === "done" ? reply.result.run.memory : undefined;
    if ((memory?.normfold ?? 0) + (memory?.onnxruntime ?? 0) > OUTGROWN) this.#dismiss(worker);
    else this.#idle.push(worker);
    if (reply.kind === "failed") throw unpackError(reply.error);
    if (reply.kind === "started") throw errors.workerDoesNotStart("it started twice");
    return reply.result;
  }

  /** Ends all workers, whatever they do; for a process that is itself told to end. */
  kill(): void {
    for (const { child } of this.#all) child.kill("SIGTERM");
  }

  /** Lets the workers go and waits for their ends. */
  async close(): Promise<void> {
    const ends = [...this.#all].map(({ child }) => new Promise((resolve) => child.once("exit", resolve)));
    for (const worker of this.#all) this.#dismiss(worker);
    await Promise.all(ends);
  }

  async #start(): Promise<Worker> {
    const { script, threads } = this.#options;
    const child = fork(script, [], {
      env: { ...process.env, [WORKER]: String(process.pid), [THREADS]: String(threads) },
      stdio: ["ignore", "ignore", process.env["NORMFOLD_DEBUG"] ? "inherit" : "ignore", "ipc"],
      serialization: "advanced",
    });
    const worker: Worker = { child, waiting: undefined };
    this.#all.add(worker);
    const ended = (how: string): void => {
      this.#all.delete(worker);
      worker.waiting?.({ kind: "ended", how });
    };
    child.on("message", (reply: WorkerReply) => worker.waiting?.(reply));
    child.once("error", (error) => ended(error.message));
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    const reply = await this.#reply(worker, () => {});
    if (reply.kind !== "started")
      throw errors.workerDoesNotStart(reply.kind === "ended" ? reply.how : reply.kind);
    return worker;
  }

  async #reply(worker: Worker, ask: () => void): Promise<WorkerReply | Ended> {
    const { exitCode, signalCode } = worker.child;
    if (exitCode !== null || signalCode !== null)
      return { kind: "ended", how: signalCode ?? `exit code ${exitCode}` };
    try {
      return await new Promise((resolve, reject) => {
        worker.waiting = resolve;
        try {
          ask();
        } catch (error) {
          reject(error);
        }
      });
    } finally {
      worker.waiting = undefined;
    }
  }

  /** Tells a worker that nothing more will come; it ends by itself. */
  #dismiss({ child }: Worker): void {
    if (child.connected) child.disconnect();
  }
}
