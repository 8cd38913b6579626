import { resolve } from "node:path";
import type { Figures } from "../batch/outcome.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { digestOf } from "./digest.js";
import type { Records } from "./records.js";
import { isUnchanged, type Stamp, stampOf } from "./stamp.js";

/** A job whose model and result were both seen, and what they were then. */
interface Known {
  readonly basis: string;
  readonly key: string;
  readonly stamps: readonly Stamp[];
  readonly figures: Figures;
}

/**
 * The jobs of a run by stamps of their files, as git knows the files of a checkout: one whose files have not been touched need not be
 * read to be known. It is a record of its own for each list of jobs, and nothing is lost with it but time.
 */
export class KnownJobs {
  readonly #records: Records;
  readonly #name: string;
  readonly #known: Record<string, Known>;
  #isChanged = false;

  constructor(records: Records, jobs: readonly OptimizeFileJob[]) {
    this.#records = records;
    this.#name = digestOf([resolve("."), ...jobs.map(nameOf)].join("\n"));
    this.#known = (records.read("known", this.#name) ?? {}) as Record<string, Known>;
  }

  /** What is known of a job, if its files are as they were. */
  find(job: OptimizeFileJob, basis: string): Pick<Known, "key" | "figures"> | undefined {
    const name = nameOf(job);
    const known = Object.hasOwn(this.#known, name) ? this.#known[name] : undefined;
    return known?.basis === basis && known.stamps.every(isUnchanged) ? known : undefined;
  }

  /** Says that the files of a job are in order: the model, its data and its result. */
  note(job: OptimizeFileJob, files: readonly string[], of: Pick<Known, "basis" | "key" | "figures">): void {
    const stamps = files.map(stampOf).filter((stamp) => stamp !== undefined);
    if (stamps.length < files.length) return;
    this.#known[nameOf(job)] = { ...of, stamps };
    this.#isChanged = true;
  }

  /** Keeps what was noted. */
  save(): void {
    if (this.#isChanged) this.#records.write("known", this.#name, this.#known);
  }
}

/** The list of jobs is that of one folder, so that the paths as they were given will do. */
function nameOf({ input, output }: OptimizeFileJob): string {
  return `${input}\n${output}`;
}
