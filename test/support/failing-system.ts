import { type FileSystem, fileSystem } from "../../src/node/file-system.js";

/** What happens at a call: an error of the operating system, or the end of the process, after which nothing happens any more. */
export type Fault = "ENOSPC" | "EBUSY" | "EIO" | "EACCES" | "kill";

export const FAULTS: readonly Fault[] = ["ENOSPC", "EBUSY", "EIO", "EACCES", "kill"];

/** The file system with one call that fails. */
export interface FailingSystem {
  readonly system: FileSystem;
  /** The names of the calls so far. */
  readonly calls: readonly string[];
}

/** Lets call number `at` fail, counted from 0; without it none. `withoutLinks`: as on file systems where a file has one name. */
export function failingSystem(
  at = -1,
  fault: Fault = "EIO",
  { withoutLinks = false }: { readonly withoutLinks?: boolean } = {},
): FailingSystem {
  const calls: string[] = [];
  let isDead = false;
  const step = (name: string): void => {
    if (isDead) throw failure("killed");
    calls.push(name);
    if (calls.length - 1 === at) {
      isDead = fault === "kill";
      throw failure(fault);
    }
    if (withoutLinks && name === "link") throw failure("EPERM");
  };
  const system: FileSystem = {
    open: (...args) => {
      step("open");
      return fileSystem.open(...args);
    },
    // Only a part is written, as on a disk that is nearly full.
    write: async (descriptor, bytes, offset) => {
      step("write");
      const half = Math.ceil((bytes.length - offset) / 2);
      return await fileSystem.write(descriptor, bytes.subarray(0, offset + half), offset);
    },
    chmod: (...args) => {
      step("chmod");
      fileSystem.chmod(...args);
    },
    // Waiting for the disk would take most of the time of the tests, and tells them nothing.
    fsync: async () => step("fsync"),
    // A failing close closes all the same, as on Linux.
    close: async (descriptor) => {
      await fileSystem.close(descriptor);
      step("close");
    },
    link: (...args) => {
      step("link");
      fileSystem.link(...args);
    },
    rename: (...args) => {
      step("rename");
      fileSystem.rename(...args);
    },
    unlink: (...args) => {
      step("unlink");
      fileSystem.unlink(...args);
    },
    fsyncFolder: () => step("fsyncFolder"),
  };
  return { system, calls };
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made up by the test`), { code });
}
