import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errors } from "../batch/errors.js";
import { guarded } from "../node/guarded.js";
import { digestOf, digestOfFile } from "./digest.js";
import { prune } from "./prune.js";

/** Milliseconds after which a use counts as a later one. */
const DAY = 86_400_000;

/** The records of a cache. The folder is made. Throws NormfoldError "io" where that cannot be. */
export function openRecords(folder: string): Records {
  const own = join(folder, "v1");
  guarded(folder, "write", () => {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
      throw errors.cacheIsNoFolder().at({ file: folder });
    mkdirSync(own, { recursive: true });
  });
  return new Records(own);
}

/**
 * Files in a folder that several processes share: records, by a key, and contents, by their digest. Each appears whole, under its name,
 * or not at all; each is tested when it is used, and one that is broken is as if it were not there, and removed.
 */
export class Records {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The record of a key; undefined where there is none. */
  read(kind: string, key: string): unknown {
    const path = this.#path(kind, key);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
    const [digest = ""] = text.split("\n", 1);
    const body = text.slice(digest.length + 1);
    if (digestOf(body) === digest) {
      used(path);
      return JSON.parse(body);
    }
    rmSync(path, { force: true });
    return undefined;
  }

  /** Keeps a record, which JSON must be able to hold. */
  write(kind: string, key: string, record: unknown): void {
    const body = JSON.stringify(record);
    this.#put(this.#path(kind, key), (temporary) => writeFileSync(temporary, `${digestOf(body)}\n${body}`));
  }

  /** Keeps the content of a file, and gives its digest. */
  async keep(path: string): Promise<string> {
    const digest = await digestOfFile(path);
    const kept = this.#path("contents", digest);
    if (statSync(kept, { throwIfNoEntry: false })?.size !== statSync(path).size)
      this.#put(kept, (temporary) => copyFileSync(path, temporary));
    return digest;
  }

  /** Keeps the content of the file that `write` makes, and gives its digest and the file, which is to be read only. */
  async make(
    write: (path: string) => Promise<unknown>,
  ): Promise<{ readonly digest: string; readonly path: string }> {
    const temporary = unfinishedIn(this.#folder);
    try {
      await write(temporary);
      const digest = await digestOfFile(temporary);
      const path = this.#path("contents", digest);
      mkdirSync(dirname(path), { recursive: true });
      renameSync(temporary, path);
      return { digest, path };
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** The file of a content, which is to be read only; undefined where it is not kept, or broken. */
  async find(digest: string): Promise<string | undefined> {
    const kept = this.#path("contents", digest);
    if (statSync(kept, { throwIfNoEntry: false }) === undefined) return undefined;
    return (await isWhole(kept, kept, digest)) ? kept : undefined;
  }

  /** Copies a content to a new file; false where it is not kept, or broken. */
  async fetch(digest: string, target: string): Promise<boolean> {
    const kept = this.#path("contents", digest);
    try {
      copyFileSync(kept, target);
    } catch (error) {
      if (statSync(kept, { throwIfNoEntry: false }) !== undefined) throw error;
      return false;
    }
    if (await isWhole(kept, target, digest)) return true;
    rmSync(target, { force: true });
    return false;
  }

  /** Removes what was used longest ago, where all together take more than `limit` bytes. */
  prune(limit: number): void {
    prune(this.#folder, limit);
  }

  /** Keys are spread over folders, as systems are slow with many files in one. */
  #path(kind: string, key: string): string {
    return join(this.#folder, kind, key.slice(0, 2), key);
  }

  #put(path: string, write: (temporary: string) => void): void {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = unfinishedIn(dirname(path));
    try {
      write(temporary);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}

/** A name that no other process has; by its end prune knows files that were never finished. */
function unfinishedIn(folder: string): string {
  return join(folder, `.${randomUUID()}.tmp`);
}

/** Whether `file`, which is what is kept or a copy of that, has the content of the digest. What is kept is removed where not. */
async function isWhole(kept: string, file: string, digest: string): Promise<boolean> {
  if ((await digestOfFile(file)) === digest) {
    used(kept);
    return true;
  }
  rmSync(kept, { force: true });
  return false;
}

/** Those that were used longest ago are removed first. */
function used(path: string): void {
  const now = new Date();
  try {
    if (now.getTime() - statSync(path).mtimeMs > DAY) utimesSync(path, now, now);
  } catch {
    // It is another user's, or another process has removed it.
  }
}
