import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

const SENTENCES = {
  // Which models.
  globMatchesNothing: [
    "usage",
    (glob: string): string => `"${glob}" matches no model; quote it, or name a folder or a file`,
  ],
  folderHasNoModels: [
    "usage",
    (folder: string): string => `"${folder}" has no .onnx file in it that is to be optimized; name another`,
  ],
  standardInputIsOneModel: [
    "usage",
    (): string => `"-" reads one model, and there are several; name files instead`,
  ],

  // Where their results go.
  placeForManyIsMissing: [
    "usage",
    (count: number): string =>
      `there are ${count} models and no place to write to; give --out-dir <folder>, --name <pattern> or --in-place`,
  ],
  outputIsForOneModel: [
    "usage",
    (count: number): string =>
      `--output names one file, and there are ${count} models; give --out-dir <folder> or --name <pattern>`,
  ],
  placeIsGivenTwice: [
    "usage",
    (one: string, other: string): string => `both ${one} and ${other} say where results go; give one`,
  ],
  patternLacksName: [
    "usage",
    (pattern: string): string =>
      `the pattern "${pattern}" gives every result one name; put {name} into it, as in "{name}.opt.onnx"`,
  ],
  patternHasUnknownPart: [
    "usage",
    (pattern: string, part: string): string =>
      `the pattern "${pattern}" has the part ${part}, which means nothing; there are {name} and {ext}`,
  ],
  patternLeavesFolder: [
    "usage",
    (pattern: string): string =>
      `the pattern "${pattern}" leads out of its folder; give the folder to --out-dir`,
  ],
  outputsOfTwoModels: [
    "usage",
    (path: string, one: string, other: string): string =>
      `the results of "${one}" and "${other}" would both go to "${path}"; give a --name pattern with {ext}, or run twice`,
  ],
  outputIsModel: [
    "usage",
    (path: string, model: string): string =>
      `the result of "${model}" would go to "${path}", which is one of the models; give --in-place to write over them`,
  ],

  // Work that came to no end.
  workerEnded: [
    "unsupported",
    (how: string): string =>
      `the process that worked on it ended (${how}), perhaps for want of memory; give a smaller --jobs`,
  ],
  workerDoesNotStart: ["internal", (how: string): string => `a worker process does not start (${how})`],
  cacheIsNoFolder: ["io", (): string => "the cache cannot be there, because this is no folder; name another"],
} as const;

/** The errors of work on many models. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
