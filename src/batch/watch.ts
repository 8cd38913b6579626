import { readdirSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { walk } from "./walk.js";

/** What is looked at for changes. */
export interface Watched {
  /** Folders, with all that is in them and below. */
  readonly folders: readonly string[];
  /** Files, with those beside them, since data of a model lies there. */
  readonly files: readonly string[];
  /** Tells files that are written by the runs themselves. */
  readonly isOwn: (path: string) => boolean;
}

/** Milliseconds between two looks; more, where looking takes long. */
const PACE = 250;
/** How many times as long as a look takes is waited for the next. */
const SHARE = 20;

/**
 * The files that are watched, each with its size and times, as a text that is another when one of them is. Looking at the files
 * themselves works everywhere, also on network drives and in containers, where systems tell of no changes; what cannot be read is
 * as if it were not there.
 */
export function stateOf({ folders, files, isOwn }: Watched): string {
  const lines: string[] = [];
  const add = (path: string): void => {
    if (isOwn(path)) return;
    const stats = statIfThere(path);
    if (stats?.isFile()) lines.push(`${path} ${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`);
  };
  for (const folder of folders) quietly(() => walk(folder, (place) => add(join(folder, place))));
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    quietly(() => {
      for (const name of readdirSync(folder)) if (!name.startsWith(".")) add(join(folder, name));
    });
  }
  return lines.sort().join("\n");
}

/** Waits until `look` gives another text than `before`, and then the same twice: what was being written then is whole. */
export async function untilSettled(before: string, look: () => string): Promise<void> {
  for (let [last, isChanged] = [before, false]; ; ) {
    const started = performance.now();
    const now = look();
    if (isChanged && now === last) return;
    isChanged ||= now !== before;
    last = now;
    const pause = Math.max(PACE, SHARE * (performance.now() - started));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function quietly(body: () => void): void {
  try {
    body();
  } catch {
    // A folder that has gone, or that may not be read just now.
  }
}
