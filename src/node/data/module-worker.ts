// The thread of a module with samples. The built file is started by name (module-thread.ts), so it imports nothing of ours.
import { parentPort, workerData } from "node:worker_threads";

/** What the thread is asked: to begin with the samples, to give so many more of them, to end. */
export type Request =
  | { readonly kind: "open"; readonly id: number }
  | { readonly kind: "more"; readonly id: number; readonly count: number }
  | { readonly kind: "close"; readonly id: number };

/** What it answers: the samples one by one, then their end or the reason why there are no more. */
export type Reply =
  | { readonly kind: "sample"; readonly id: number; readonly sample: unknown }
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "no-samples"; readonly id: number }
  | { readonly kind: "no-module"; readonly id: number; readonly reason: string }
  | { readonly kind: "failed"; readonly id: number; readonly when: string; readonly reason: string };

interface Stream {
  samples: AsyncIterator<unknown> | undefined;
  wanted: number;
  given: number;
  isBusy: boolean;
}

const port = parentPort;
const url = String(workerData);
const streams = new Map<number, Stream>();
let module: Promise<unknown> | undefined;
let busy = 0;

port?.on("message", (request: Request) => {
  if (request.kind === "close") {
    const stream = streams.get(request.id);
    streams.delete(request.id);
    // A generator that fails while it is closed has given its samples.
    stream?.samples?.return?.()?.catch(() => {});
    return;
  }
  if (request.kind === "open") {
    streams.set(request.id, { samples: undefined, wanted: 0, given: 0, isBusy: false });
    return;
  }
  const stream = streams.get(request.id);
  if (stream === undefined) return;
  stream.wanted += request.count;
  if (!stream.isBusy) void give(request.id, stream);
});

/**
 * Gives samples until as many are given as are wanted. Meanwhile the port does not keep the thread alive: where nothing else
 * does, no promise can be settled any more, and the thread ends.
 */
async function give(id: number, stream: Stream): Promise<void> {
  stream.isBusy = true;
  if (busy++ === 0) port?.unref();
  try {
    while (stream.given < stream.wanted && streams.get(id) === stream) {
      const reply = await answer(id, stream);
      send(reply);
      if (reply.kind !== "sample") break;
      stream.given++;
    }
  } finally {
    stream.isBusy = false;
    if (--busy === 0) port?.ref();
  }
}

function send(reply: Reply): void {
  port?.postMessage(reply, reply.kind === "sample" ? buffersOf(reply.sample) : []);
}

async function answer(id: number, stream: Stream): Promise<Reply> {
  if (stream.samples === undefined) {
    let exported: unknown;
    try {
      module ??= import(url);
      exported = defaultOf(await module);
    } catch (error) {
      return { kind: "no-module", id, reason: reasonOf(error, false) };
    }
    try {
      const value: unknown = await (typeof exported === "function"
        ? Reflect.apply(exported, undefined, [])
        : exported);
      if (!isSamples(value)) return { kind: "no-samples", id };
      stream.samples = each(value);
    } catch (error) {
      return { kind: "failed", id, when: "when it is called", reason: reasonOf(error, true) };
    }
  }
  try {
    const { done, value } = await stream.samples.next();
    return done === true ? { kind: "end", id } : { kind: "sample", id, sample: plainSample(value) };
  } catch (error) {
    return { kind: "failed", id, when: `behind sample ${stream.given}`, reason: reasonOf(error, true) };
  }
}

function defaultOf(loaded: unknown): unknown {
  return typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
}

function reasonOf(error: unknown, isNamed: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return isNamed ? `${error.name}: ${error.message}` : error.message;
}

type Samples = AsyncIterable<unknown> | Iterable<unknown>;

function isSamples(value: unknown): value is Samples {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

async function* each(samples: Samples): AsyncGenerator<unknown, void, undefined> {
  for await (const sample of samples) yield sample;
}

/** A copy of what tensors are made of, which can be sent: methods cannot, nor need the rest of a large buffer. */
function plainSample(sample: unknown): unknown {
  if (typeof sample !== "object" || sample === null) return null;
  return Object.fromEntries(
    Object.entries(sample).map(([name, value]: [string, unknown]) => [name, plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (typeof value === "number") return value;
  if (ArrayBuffer.isView(value)) return copied(value);
  if (typeof value !== "object" || value === null || !("data" in value) || !("dims" in value)) return null;
  const dims = Array.isArray(value.dims) ? value.dims.map(Number) : null;
  return { data: ArrayBuffer.isView(value.data) ? copied(value.data) : null, dims };
}

function copied(view: ArrayBufferView): unknown {
  // A Buffer's own slice shares its memory.
  if (view instanceof Uint8Array) return new Uint8Array(view);
  return "slice" in view && typeof view.slice === "function" ? view.slice() : null;
}

function buffersOf(sample: unknown): ArrayBuffer[] {
  if (typeof sample !== "object" || sample === null) return [];
  const values: unknown[] = Object.values(sample);
  return values.flatMap((value) => {
    const data: unknown = typeof value === "object" && value !== null && "data" in value ? value.data : value;
    return ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
  });
}
