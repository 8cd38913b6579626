import { defined } from "../base/optional.js";
import type { ModelFiles, OptimizedRecord } from "../contract/documents.js";
import { digestFile, type FileDigest } from "../node/digest.js";
import type { StoredModel } from "./files.js";
import type { OptimizeRun } from "./optimize-file.js";

/** What was read and what was written. The input is hashed first, because it may be what is written over. */
export interface RecordedFiles {
  readonly input: ModelFiles;
  /** undefined: nothing was written. */
  readonly output?: ModelFiles;
}

/** The files of a model with the SHA-256 of each, read again from where they are. Throws NormfoldError "io". */
export async function recordFiles({ path, bytes, sha256, dataFiles = [] }: StoredModel): Promise<ModelFiles> {
  const main = sha256 === undefined ? await digestFile(path) : { path, bytes, sha256 };
  const files: FileDigest[] = [main];
  for (const file of dataFiles) files.push(await digestFile(file));
  return { path, bytes, sha256: main.sha256, files };
}

/** The same for several models. */
export async function recordEach(models: readonly StoredModel[]): Promise<readonly ModelFiles[]> {
  const records: ModelFiles[] = [];
  for (const model of models) records.push(await recordFiles(model));
  return records;
}

/** A run as documents have it. */
export function recordRun(run: OptimizeRun, files: RecordedFiles, cached = false): OptimizedRecord {
  const { time, memory, report, profile, unmeasured, budget } = run;
  return {
    status: budget?.met === false ? "missed" : "optimized",
    cached,
    ...files,
    secondsByStage: secondsOf(time),
    ...defined({ peakMemoryBytes: memory, profile, unmeasured, budget }),
    report,
  };
}

/** Milliseconds as seconds, to the microsecond. */
export function secondsOf(time: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(time).map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1e6]));
}
