import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { defined } from "../base/optional.js";
import { type Figures, figuresOf, type ModelOutcome } from "../batch/outcome.js";
import type { ResultStore } from "../batch/run-batch.js";
import type { StoredModel } from "../job/files.js";
import type { OptimizedFile, OptimizeFileJob, OptimizeRun } from "../job/optimize-file.js";
import { recordFiles } from "../job/record.js";
import { guarded, ioError } from "../node/guarded.js";
import { STANDARD } from "../node/paths.js";
import { removeTemporary, temporaryName, trackTemporary } from "../node/temporary.js";
import { digestOfFile } from "./digest.js";
import { basisKey, keyWithData, modelKey } from "./key.js";
import { type FileContent, KnownJobs } from "./known.js";
import { programIdentity } from "./program.js";
import { openRecords, type Records } from "./records.js";
import { isUnchanged, type Stamp, stampFrom } from "./stamp.js";

/** A file of a result: its name beside the others, and its content. */
interface KeptFile {
  readonly name: string;
  readonly digest: string;
}

/** What is kept of a model: its result, or, where its data must be known first, which files those are. */
type Entry =
  | { readonly kind: "result"; readonly figures: Figures; readonly files: readonly KeptFile[] }
  | { readonly kind: "data"; readonly locations: readonly string[] };

/** How results are kept. */
export interface CacheOptions {
  /** Bytes that they may take. */
  readonly limit: number;
  /** The program that makes them. */
  readonly script: string;
  /** Outcomes have the whole account, too. */
  readonly wantsRuns: boolean;
}

/**
 * Results of earlier runs, in a folder that several processes may use at once. A result is known by the content of the model, of its
 * external data and of all else that it hangs on; failures are not kept. What is broken is not believed: the model is then
 * optimized again.
 */
export class ResultCache implements ResultStore {
  readonly #options: CacheOptions;
  readonly #records: Records;
  readonly #known: KnownJobs;
  readonly #program: string;
  readonly #bases = new WeakMap<object, Promise<string>>();
  #hasStored = false;
  #trouble: unknown;

  /** Throws NormfoldError "io" where `folder` cannot be made. */
  constructor(folder: string, jobs: readonly OptimizeFileJob[], options: CacheOptions) {
    this.#options = options;
    this.#records = openRecords(folder);
    this.#known = new KnownJobs(this.#records, jobs);
    this.#program = programIdentity(options.script);
  }

  async find(job: OptimizeFileJob): Promise<ModelOutcome | ((result: OptimizedFile) => Promise<void>)> {
    // What is measured is measured anew; a stream has no name; of a model that is written over nothing is left to compare with.
    const { time, maxSlowdown, inPlace } = job.options;
    const isMeasured = time || maxSlowdown !== undefined;
    if (isMeasured || inPlace || job.input === STANDARD || job.output === STANDARD) return async () => {};
    let basis: string;
    let model: Fingerprint;
    try {
      basis = await this.#basis(job);
      const known = this.#known.find(job, basis);
      const outcome = known && (await this.#outcome(job, known, async () => true));
      if (outcome !== undefined) return outcome;
      model = await fingerprint(job.input);
    } catch {
      // What cannot be read is an error of the job, which says more of it.
      return async () => {};
    }
    return (await this.#restored(job, basis, model)) ?? ((result) => this.#keep(job, basis, model, result));
  }

  /** Keeps what helps the next run, and makes room. Gives what kept results from being kept. */
  async close(): Promise<unknown> {
    try {
      await this.#known.save();
      if (this.#hasStored) this.#records.prune(this.#options.limit);
    } catch (error) {
      this.#trouble ??= error;
    }
    return this.#trouble;
  }

  /** Many jobs have the same options, and those of one run the same plugins. */
  #basis(job: OptimizeFileJob): Promise<string> {
    if (job.options.externalData !== undefined) return basisKey(job, this.#program);
    const known = this.#bases.get(job.options) ?? basisKey(job, this.#program);
    this.#bases.set(job.options, known);
    return known;
  }

  /** Puts a result that is kept into its place. Throws NormfoldError "io" where that cannot be. */
  async #restored(
    job: OptimizeFileJob,
    basis: string,
    model: Fingerprint,
  ): Promise<ModelOutcome | undefined> {
    const found = await this.#entry(job, modelKey(basis, model.digest));
    if (found === undefined) return undefined;
    const { key, entry } = found;
    const { figures, files } = entry;
    const outcome = await this.#outcome(job, { key, figures }, () => this.#place(job, files));
    if (outcome !== undefined) this.#note(job, basis, model, found);
    return outcome;
  }

  #note(job: OptimizeFileJob, basis: string, { digest }: Fingerprint, { key, entry, data }: Found): void {
    const results = pathsOf(job, entry.files).map((path, index) => {
      return { path, digest: entry.files[index]?.digest ?? "" };
    });
    this.#known.note(job, [{ path: job.input, digest }, ...data, ...results], {
      basis,
      key,
      figures: entry.figures,
    });
  }

  async #entry(job: OptimizeFileJob, model: string): Promise<Found | undefined> {
    const first = this.#records.read("results", model) as Entry | undefined;
    if (first === undefined) return undefined;
    if (first.kind === "result") return { key: model, entry: first, data: [] };
    const data = await contentsOf(job, first.locations).catch(() => undefined);
    if (data === undefined) return undefined;
    const key = keyWithData(
      model,
      data.map(({ digest }) => digest),
      job,
    );
    const entry = this.#records.read("results", key) as Entry | undefined;
    return entry?.kind === "result" ? { key, entry, data } : undefined;
  }

  /** The outcome, once its result is in its place; undefined where it cannot be, or the whole account is wanted and not there. */
  async #outcome(
    job: OptimizeFileJob,
    { key, figures }: { readonly key: string; readonly figures: Figures },
    place: () => Promise<boolean>,
  ): Promise<ModelOutcome | undefined> {
    const { wantsRuns } = this.#options;
    const kept = wantsRuns ? (this.#records.read("runs", key) as OptimizeRun | undefined) : undefined;
    if ((wantsRuns && kept === undefined) || !(await place())) return undefined;
    const { input, output } = job;
    const done = { status: "optimized", input, output, cached: true, figures } as const;
    if (kept === undefined) return done;
    const run = moved(kept, job);
    const files = { input: await recordFiles(run.input), output: await recordFiles(run.output) };
    return { ...done, run, files };
  }

  /** Data files come before the model that reads them, and an old model goes before its data is replaced. */
  async #place(job: OptimizeFileJob, files: readonly KeptFile[]): Promise<boolean> {
    const paths = pathsOf(job, files);
    const [main, ...data] = files.map(({ digest }, index) => ({ digest, path: paths[index] ?? "" }));
    if (main === undefined) return false;
    const isDataRight = (await Promise.all(data.map(holds))).every((isRight) => isRight);
    if (isDataRight && (await holds(main))) return true;
    const folder = dirname(main.path);
    guarded(folder, "write", () => mkdirSync(folder, { recursive: true }));
    const staged: { readonly temporary: string; readonly path: string }[] = [];
    try {
      for (const { digest, path } of isDataRight ? [main] : [...data, main]) {
        const temporary = temporaryName(folder);
        trackTemporary(temporary);
        staged.push({ temporary, path });
        if (!(await this.#records.fetch(digest, temporary))) return false;
      }
      guarded(main.path, "write", () => {
        if (!isDataRight) rmSync(main.path, { force: true });
        for (const { temporary, path } of staged) renameSync(temporary, path);
      });
      return true;
    } catch (error) {
      throw ioError(error, main.path, "write");
    } finally {
      for (const { temporary } of staged) removeTemporary(temporary);
    }
  }

  async #keep(
    job: OptimizeFileJob,
    basis: string,
    model: Fingerprint,
    { run, data }: OptimizedFile,
  ): Promise<void> {
    try {
      // It has been changed meanwhile, and the result may be of either.
      if (!isUnchanged(model.stamp)) return;
      const own = modelKey(basis, model.digest);
      const contents = await contentsOf(job, data);
      const key =
        data.length === 0
          ? own
          : keyWithData(
              own,
              contents.map(({ digest }) => digest),
              job,
            );
      const files: KeptFile[] = [];
      for (const { path } of run.output.files)
        files.push({
          name: path === job.output ? "" : basename(path),
          digest: await this.#records.keep(path),
        });
      const entry = { kind: "result", figures: figuresOf(run), files } as const;
      this.#records.write("runs", key, run);
      this.#records.write("results", key, entry satisfies Entry);
      if (key !== own) this.#records.write("results", own, { kind: "data", locations: data } satisfies Entry);
      this.#hasStored = true;
      this.#note(job, basis, model, { key, entry, data: contents });
    } catch (error) {
      // The result is written, and that it is not kept costs only time.
      this.#trouble ??= error;
    }
  }
}

/** What is kept of a model, with its data. */
interface Found {
  readonly key: string;
  readonly entry: Entry & { readonly kind: "result" };
  readonly data: readonly FileContent[];
}

async function contentsOf({ input }: OptimizeFileJob, locations: readonly string[]): Promise<FileContent[]> {
  const contents: FileContent[] = [];
  for (const location of locations) {
    const path = resolve(dirname(input), location);
    contents.push({ path, digest: await digestOfFile(path) });
  }
  return contents;
}

/** A file's content, and the file as it was before that was read. */
interface Fingerprint {
  readonly digest: string;
  readonly stamp: Stamp;
}

async function fingerprint(path: string): Promise<Fingerprint> {
  const stamp = stampFrom(path, statSync(path));
  return { stamp, digest: await digestOfFile(path) };
}

/** The account of a run as that of a job whose model and result have other places. */
function moved(run: OptimizeRun, { input, output }: OptimizeFileJob): OptimizeRun {
  const beside = (path: string, from: string, to: string): string =>
    path === from ? to : join(dirname(to), relative(dirname(from), path));
  const files = run.output.files.map((file) => ({
    ...file,
    path: beside(file.path, run.output.path, output),
  }));
  return {
    ...run,
    input: movedModel(run.input, input, beside),
    output: { ...movedModel(run.output, output, beside), files },
  };
}

function movedModel(
  model: StoredModel,
  to: string,
  beside: (path: string, from: string, to: string) => string,
): StoredModel {
  const dataFiles = model.dataFiles?.map((path) => beside(path, model.path, to));
  return { ...model, path: to, ...defined({ dataFiles }) };
}

function pathsOf({ output }: OptimizeFileJob, files: readonly KeptFile[]): string[] {
  return files.map(({ name }) => (name === "" ? output : join(dirname(output), name)));
}

async function holds({ path, digest }: { readonly path: string; readonly digest: string }): Promise<boolean> {
  try {
    return (await digestOfFile(path)) === digest;
  } catch {
    return false;
  }
}
