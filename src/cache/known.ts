import { resolve } from "node:path";
import type { Figures } from "../batch/outcome.js";
import type { OptimizeFileJob } from "../job/optimize-file.js";
import { digestOf, digestOfFile } from "./digest.js";
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
  readonly #noted: {
    readonly job: OptimizeFileJob;
    readonly files: readonly FileContent[];
    readonly of: Pick<Known, "basis" | "key" | "figures">;
  }[] = [];

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

  /** Says which files a job has, the model, its data and its result, and what is in them. */
  note(
    job: OptimizeFileJob,
    files: readonly FileContent[],
    of: Pick<Known, "basis" | "key" | "figures">,
  ): void {
    this.#noted.push({ job, files, of });
  }

  /**
   * Keeps what was noted, of files that are still as they were said to be. They are read again for that: of one that was written just
   * now nobody could tell later, by its times, whether it was written once more.
   */
  async save(): Promise<void> {
    if (this.#noted.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, SETTLING));
    for (const { job, files, of } of this.#noted) {
      const stamps: Stamp[] = [];
      for (const file of files) {
        const stamp = await confirmed(file);
        if (stamp !== undefined) stamps.push(stamp);
      }
      if (stamps.length === files.length) this.#known[nameOf(job)] = { ...of, stamps };
    }
    this.#records.write("known", this.#name, this.#known);
  }
}

/** A file, and the digest of what is in it. */
export interface FileContent {
  readonly path: string;
  readonly digest: string;
}

/** Milliseconds after which times tell the last writes from later ones, on most file systems. */
const SETTLING = 60;

async function confirmed({ path, digest }: FileContent): Promise<Stamp | undefined> {
  const stamp = stampOf(path);
  if (stamp === undefined || (await digestOfFile(path)) !== digest) return undefined;
  return isUnchanged(stamp) ? stamp : undefined;
}

/** The list of jobs is that of one folder, so that the paths as they were given will do. */
function nameOf({ input, output }: OptimizeFileJob): string {
  return `${input}\n${output}`;
}
