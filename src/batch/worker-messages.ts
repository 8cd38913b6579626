import type { ErrorRecord } from "../base/error-record.js";
import type { OptimizedFile, OptimizeFileJob } from "../job/optimize-file.js";

/** The environment variable by which a process knows that it is a worker: the number of the process that started it. */
export const WORKER = "NORMFOLD_WORKER";

/** One job for a worker, which does one after the other. */
export type WorkerRequest = OptimizeFileJob;

/** What a worker says: first that it has started, then what became of each job. */
export type WorkerReply =
  | { readonly kind: "started" }
  | { readonly kind: "done"; readonly result: OptimizedFile }
  | { readonly kind: "failed"; readonly error: ErrorRecord };
