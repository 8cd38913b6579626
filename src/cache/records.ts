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
import { digestOf, digestOfFile } from "./digest.js";

/** Milliseconds after which a use counts as a later one. */
const DAY = 86_400_000;

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

  /** Copies a content to a new file; false where it is not kept, or broken. */
  async fetch(digest: string, target: string): Promise<boolean> {
    const kept = this.#path("contents", digest);
    try {
      copyFileSync(kept, target);
    } catch (error) {
      if (statSync(kept, { throwIfNoEntry: false }) !== undefined) throw error;
      return false;
    }
    if ((await digestOfFile(target)) === digest) {
      used(kept);
      return true;
    }
    rmSync(kept, { force: true });
    rmSync(target, { force: true });
    return false;
  }

  /** Keys are spread over folders, as systems are slow with many files in one. */
  #path(kind: string, key: string): string {
    return join(this.#folder, kind, key.slice(0, 2), key);
  }

  #put(path: string, write: (temporary: string) => void): void {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
    try {
      write(temporary);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
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
