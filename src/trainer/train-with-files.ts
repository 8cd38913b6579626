import { NormfoldError } from "../base/errors.js";
import { defined } from "../base/optional.js";
import type { Model } from "../ir/model.js";
import type { TrainOptions } from "../training/train-options.js";
import { errors } from "./errors.js";
import type { WithDefaults } from "./runtime.js";
import { type Training, train } from "./train.js";

/** The files that a training writes while it runs. */
export interface TrainingFiles {
  /** Steps and validations, as JSON lines; a training that goes on adds to them. */
  readonly log?: string;
  /** The state of the training, from which it can go on; written whenever `onCheckpoint` would be called. */
  readonly checkpoint?: string;
  /** Go on from `checkpoint` where it is there, bit for bit as if there had been no stop. Default false. */
  readonly resume?: boolean;
}

/**
 * Trains as `train` does, with a log and a checkpoint in files. Gives undefined where `signal` stopped it after its last
 * step, while statistics were taken. Throws as `train` does, "usage" for a checkpoint that is there without `resume`, and
 * "io" for files that cannot be read or written.
 */
export async function trainWithFiles(
  model: Model,
  options: WithDefaults<TrainOptions>,
  { log, checkpoint, resume = false }: TrainingFiles,
): Promise<Training | undefined> {
  const { readCheckpoint, writeCheckpoint } = await import("../node/checkpoint.js");
  const { openJsonLines } = await import("../node/json-lines.js");
  const { isThere } = await import("../node/paths.js");
  const isResumed = checkpoint !== undefined && isThere(checkpoint);
  if (isResumed && !resume) throw errors.checkpointIsThere().at({ file: checkpoint });
  const write = log === undefined ? undefined : openJsonLines(log, { append: isResumed });
  try {
    return await train(model, {
      ...options,
      onStep: (progress) => {
        write?.({ kind: "step", ...progress });
        options.onStep?.(progress);
      },
      onValidation: (validation) => {
        write?.({ kind: "validation", ...validation });
        options.onValidation?.(validation);
      },
      ...defined({
        onCheckpoint:
          checkpoint === undefined
            ? options.onCheckpoint
            : async (saved: Parameters<typeof writeCheckpoint>[1]) => {
                await writeCheckpoint(checkpoint, saved);
                await options.onCheckpoint?.(saved);
              },
        resume: isResumed ? readCheckpoint(checkpoint) : options.resume,
      }),
    });
  } catch (error) {
    if (options.signal?.aborted && !(error instanceof NormfoldError)) return undefined;
    throw error;
  }
}
