import { type BigIntStats, closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { type ByteSource, memorySource } from "../base/bytes.js";
import type { ExternalFiles } from "../proto/external.js";
import { errors } from "./errors.js";
import { guarded, inFile } from "./guarded.js";
import { readStream } from "./streams.js";

/** Closes the descriptors of sources that nothing refers to any more, because models have no `close`. */
const dropped = new FinalizationRegistry<number>(closeSync);

/** Bytes of a file that is read at once. */
const SMALL = 1 << 20;

/**
 * A file that is read when bytes are wanted. It stays open, so that it can be read even after another file has taken its name.
 * `close` closes it, and so does the garbage collector.
 */
export class FileSource implements ByteSource {
  readonly path: string;
  readonly size: number;
  /** The same for all names of the file, as `identityOf` gives it. */
  readonly identity: string;
  readonly #descriptor: number;
  #open = true;
  /** The whole of a small file, once a part of it was wanted: hundreds of small reads take longer than one. */
  #whole: Uint8Array | undefined;

  constructor(path: string, descriptor: number, stats: BigIntStats) {
    this.path = path;
    this.size = Number(stats.size);
    this.identity = `${stats.dev}:${stats.ino}`;
    this.#descriptor = descriptor;
    dropped.register(this, descriptor, this);
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.readInto(bytes, offset);
    return bytes;
  }

  /** Fills `target` with the bytes from `offset` on. */
  readInto(target: Uint8Array, offset: number): void {
    if (!this.#open) throw errors.fileIsClosed().at({ file: this.path });
    if (this.size > SMALL || offset + target.length > this.size) {
      this.#fill(target, offset);
      return;
    }
    if (this.#whole === undefined) {
      const whole = new Uint8Array(this.size);
      this.#fill(whole, 0);
      this.#whole = whole;
    }
    target.set(this.#whole.subarray(offset, offset + target.length));
  }

  #fill(target: Uint8Array, offset: number): void {
    guarded(this.path, "read", () => {
      let done = 0;
      while (done < target.length) {
        const got = readSync(this.#descriptor, target, done, target.length - done, offset + done);
        if (got === 0) {
          throw errors.fileBecameShorter().at({ file: this.path, offset: offset + done });
        }
        done += got;
      }
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    dropped.unregister(this);
    closeSync(this.#descriptor);
  }
}

/** Opens a file, to be read in place. Pipes and devices have no positions and are read into memory. */
export function openSource(path: string): ByteSource {
  if (path.includes("\0")) throw errors.fileNameHoldsNul();
  return guarded(path, "read", () => {
    const descriptor = openSync(path, "r");
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (stats.isFile()) return new FileSource(path, descriptor, stats);
      if (stats.isDirectory()) throw errors.folderIsNotModel().at({ file: path });
      const bytes = inFile(path, () => readStream(descriptor));
      closeSync(descriptor);
      return memorySource(bytes);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  });
}

/** Opens a file of data. A pipe or a device might never end, so they are refused. */
export function openDataFile(path: string): ByteSource {
  assertRegularFile(path);
  return openSource(path);
}

/** Throws "invalid" for a pipe, a socket or a device, which may never end, and "io" for a path that leads nowhere. */
export function assertRegularFile(path: string): void {
  const stats = guarded(path, "read", () => statSync(path));
  if (stats.isDirectory()) throw errors.folderIsNotModel().at({ file: path });
  if (!stats.isFile()) throw errors.dataIsNotRegularFile().at({ file: path });
}

/** Which external data may be read. */
export interface ExternalOptions {
  /**
   * Follow paths and links that lead out of the model's folder. Refused by default, because a model may come from
   * anyone.
   */
  readonly allowOutside?: boolean;
}

/**
 * The external data files of the model at `modelPath`, by their locations relative to its folder. Where the model itself
 * is a link (as in download caches), files beside its target are the model's own too.
 */
export function externalFilesBeside(modelPath: string, options: ExternalOptions = {}): ExternalFiles {
  const folder = dirname(resolve(modelPath));
  const opened = new Map<string, ByteSource>();
  const homes = (): string[] => [realpathSync(folder), dirname(realpathSync(modelPath))];
  return {
    open: (location) => {
      const known = opened.get(location);
      if (known !== undefined) return known;
      if (location.includes("\0")) throw errors.externalNameHoldsNul();
      const path = resolve(folder, location);
      if (!(options.allowOutside ?? false)) {
        if (isAbsolute(location) || !isInside(folder, path)) throw errors.externalIsOutsideFolder(location);
        guarded(path, "read", () => {
          const real = realpathSync(path);
          if (!homes().some((home) => isInside(home, real))) throw errors.externalIsOutsideFolder(location);
        });
      }
      const regular = guarded(path, "read", () => statSync(path).isFile());
      if (!regular) throw errors.externalIsNotRegularFile(location);
      const source = openSource(path);
      opened.set(location, source);
      return source;
    },
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way);
}
