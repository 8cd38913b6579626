import {
  close,
  closeSync,
  fchmodSync,
  fsync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  write,
} from "node:fs";
import { promisify } from "node:util";

/**
 * Every call by which a file that a user keeps is changed, in one place, so that the tests can let each of them fail in turn, or
 * stop the process there. All throw the error of the operating system, with its code.
 */
export interface FileSystem {
  /** Opens a file for writing: "wx" makes a new one and fails where the name is taken, "w" empties the one that is there. */
  readonly open: (path: string, flags: "wx" | "w") => number;
  /** Writes some of the bytes where the last write ended, and gives their number. */
  readonly write: (descriptor: number, bytes: Uint8Array, offset: number) => Promise<number>;
  readonly chmod: (descriptor: number, mode: number) => void;
  /** Waits until the disk has the bytes; this is also where late write errors show. */
  readonly fsync: (descriptor: number) => Promise<void>;
  readonly close: (descriptor: number) => Promise<void>;
  /** Gives a file a second name, and fails where that is taken. */
  readonly link: (path: string, name: string) => void;
  /** Gives a file another name, at once, whatever had that name. */
  readonly rename: (path: string, name: string) => void;
  readonly unlink: (path: string) => void;
  /** Waits until the disk has the names in a folder. */
  readonly fsyncFolder: (path: string) => void;
}

const writeSome = promisify(write);

/** The file system of the machine. */
export const fileSystem: FileSystem = {
  open: (path, flags) => openSync(path, flags),
  write: async (descriptor, bytes, offset) =>
    (await writeSome(descriptor, bytes, offset, bytes.length - offset, null)).bytesWritten,
  chmod: fchmodSync,
  fsync: promisify(fsync),
  close: promisify(close),
  link: linkSync,
  rename: renameSync,
  unlink: unlinkSync,
  fsyncFolder: (path) => {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
};
