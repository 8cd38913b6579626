import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, unlinkSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { hashOf } from "../base/hash.js";
import { guarded } from "./guarded.js";

/** Files and folders that exist only while something is being written. */
const temporaries = new Set<string>();

let janitor: Janitor | undefined;

/** Removes temporaries when this process is killed: another process, which is told of each that comes or goes. */
export type Janitor = (change: { readonly add: string } | { readonly remove: string }) => void;

/** Tells `newcomer` of all temporaries, from now on; undefined: nobody. */
export function setJanitor(newcomer: Janitor | undefined): void {
  janitor = newcomer;
  for (const path of temporaries) if (isNamedTemporary(path)) janitor?.({ add: path });
}

/**
 * Whether its name says that a file is temporary. Only such files are a janitor's: one with a name of the user's may have become
 * part of a model just before this process was killed.
 */
function isNamedTemporary(path: string): boolean {
  return OURS.test(basename(path));
}

/** Removes the files of unfinished writes, for a process that is told to stop. */
export function removeTemporaryFiles(): void {
  for (const path of temporaries) rmSync(path, { recursive: true, force: true });
  temporaries.clear();
}

/** Has removeTemporaryFiles remove a file or folder too. */
export function trackTemporary(path: string): void {
  temporaries.add(path);
  if (isNamedTemporary(path)) janitor?.({ add: path });
}

/** Has removeTemporaryFiles leave it alone: it has become what the user wanted, or is gone. */
export function releaseTemporary(path: string): void {
  temporaries.delete(path);
  janitor?.({ remove: path });
}

/** Removes a file or folder that was tracked. */
export function removeTemporary(path: string): void {
  rmSync(path, { recursive: true, force: true });
  releaseTemporary(path);
}

/**
 * A name that no other file has, in `folder`. It tells which process of which machine writes the file, so that what a killed
 * process left can be told from what another process is still writing.
 */
export function temporaryName(folder: string): string {
  // Of the time too, because another process may have had this one's number.
  const moment = BigInt.asUintN(32, process.hrtime.bigint() + BigInt(made++))
    .toString(16)
    .padStart(8, "0");
  return join(folder, `.normfold-${machine()}-${process.pid}-${moment}.tmp`);
}

/** The names that were given, since two may be given within one tick of the clock. */
let made = 0;

/** Makes a folder for files that are removed after use, with a name like that of temporaryName, and tracks it. */
export function makeTemporaryFolder(parent: string): string {
  const folder = guarded(parent, "write", () =>
    mkdtempSync(join(parent, `normfold-${machine()}-${process.pid}-`)),
  );
  trackTemporary(folder);
  return folder;
}

const OURS = /^\.?normfold-(?<machine>[0-9a-f]{8})-(?<process>\d+)-(?:[0-9a-f]{8}\.tmp|\w{6})$/;
const LIKE_OURS = /^\.normfold-.*\.tmp$/;

/**
 * Removes what processes of this machine left in `folder` when they were killed, and gives the names of what others may
 * still be writing: a process of another machine, or of another container, cannot be asked whether it lives.
 */
export function sweepTemporaries(folder: string): readonly string[] {
  const unknown: string[] = [];
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const { machine: writer, process: pid } = OURS.exec(name)?.groups ?? {};
    if (writer === machine()) {
      if (!isAlive(Number(pid))) removeAbandoned(path);
    } else if (LIKE_OURS.test(name)) unknown.push(path);
  }
  return unknown;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A folder in which we may write and that we may not list.
    return [];
  }
}

function removeAbandoned(path: string): void {
  try {
    if (lstatSync(path).isDirectory()) rmSync(path, { recursive: true, force: true });
    else unlinkSync(path);
  } catch {
    // It is another user's, or has been removed by another process meanwhile.
  }
}

/** A process that we may not signal lives too. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

let known: string | undefined;

/** Stands for the machine, or the container, whose process numbers ours are, since it started. */
function machine(): string {
  if (known !== undefined) return known;
  const parts = [hostname(), textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))];
  parts.push(textOf(() => readlinkSync("/proc/self/ns/pid")));
  known = hashOf(parts.join("\n")).toString(16).padStart(8, "0");
  return known;
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    // No Linux.
    return "";
  }
}
