import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  modelInputIsNoTensor: ["unsupported", (): string => "it is no tensor, and no dataset can feed it"],
  globMatchesNoParameter: [
    "usage",
    (glob: string): string => `no parameter is named "${glob}"; "normfold print" shows their names`,
  ],
  checkpointIsThere: [
    "usage",
    (): string => "there is a checkpoint here already; resume to go on from it (--resume), or remove it",
  ],
  scheduleNeedsInterval: [
    "usage",
    (kind: string): string =>
      `the schedule ${kind} falls after some steps; say after how many (--schedule-every <steps>)`,
  ],
} as const;

/** The errors of training with files, and of the other functions of the second door. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
