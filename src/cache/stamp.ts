import { type Stats, statSync } from "node:fs";

/**
 * A file as it was at one moment, by what tells two states of a file apart whenever it is asked: its identity, size and times. Another
 * content has another stamp, unless it was written in the same moment. Times are exact to a quarter of a microsecond.
 */
export type Stamp = readonly [
  path: string,
  dev: number,
  ino: number,
  size: number,
  mtime: number,
  ctime: number,
];

/** Milliseconds in which a file system may give two writes one time; those of whole milliseconds have coarse clocks. */
const [FINE, COARSE] = [50, 2000];

/** The stamp of a file that is there; undefined where it has been written just now, and could be written again unseen. */
export function stampOf(path: string): Stamp | undefined {
  const stats = statSync(path);
  const { mtimeMs, ctimeMs } = stats;
  const grain = Number.isInteger(mtimeMs) ? COARSE : FINE;
  return Date.now() - Math.max(mtimeMs, ctimeMs) > grain ? stampFrom(path, stats) : undefined;
}

/** The stamp of a file, whenever it was written. */
export function stampFrom(path: string, { dev, ino, size, mtimeMs, ctimeMs }: Stats): Stamp {
  return [path, dev, ino, size, mtimeMs, ctimeMs];
}

/** Whether a file is still as it was. */
export function isUnchanged([path, dev, ino, size, mtime, ctime]: Stamp): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return (
    stats !== undefined &&
    stats.mtimeMs === mtime &&
    stats.size === size &&
    stats.ino === ino &&
    stats.ctimeMs === ctime &&
    stats.dev === dev
  );
}
