import { packError } from "../base/error-record.js";
import { WORKER, type WorkerReply, type WorkerRequest } from "../batch/worker-messages.js";
import { optimizeFile } from "../job/optimize-file.js";
import { timedStages } from "../job/stages.js";
import { removeTemporaryFiles } from "../node/files.js";
import { handleInterrupts, onInterrupt } from "./exit.js";
import { toNormfoldError } from "./failure.js";

/**
 * The program of a worker: it optimizes the models that it is sent, one after the other, and prints nothing. It ends when the process
 * that started it has gone or lets it go, once the model that it works on is done.
 */
export function serve(): void {
  delete process.env[WORKER];
  onInterrupt(removeTemporaryFiles);
  handleInterrupts();
  let busy = false;
  const say = (reply: WorkerReply): void => {
    if (process.connected) process.send?.(reply);
  };
  process.on("disconnect", () => {
    if (!busy) process.exit();
  });
  process.on("message", async (job: WorkerRequest) => {
    busy = true;
    say(await carryOut(job));
    busy = false;
    if (!process.connected) process.exit();
  });
  say({ kind: "started" });
}

async function carryOut(job: WorkerRequest): Promise<WorkerReply> {
  try {
    return { kind: "done", result: await optimizeFile(job, timedStages()) };
  } catch (error) {
    return { kind: "failed", error: packError(toNormfoldError(error)) };
  }
}
