import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** How much of the limit is left when it was passed, so that not every run removes something. */
const LEFT = 0.8;
/** Milliseconds after which an unfinished file is nobody's. */
const ABANDONED = 3_600_000;

/** Removes the files below `folder` that were used longest ago, where all together take more than `limit` bytes. */
export function prune(folder: string, limit: number): void {
  const now = Date.now();
  const files: { readonly path: string; readonly size: number; readonly used: number }[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const stats = statSync(path, { throwIfNoEntry: false });
    // Another process may remove the same.
    if (stats === undefined) continue;
    if (!entry.name.endsWith(".tmp")) files.push({ path, size: stats.size, used: stats.mtimeMs });
    else if (now - stats.mtimeMs > ABANDONED) rmSync(path, { force: true });
  }
  let taken = files.reduce((sum, { size }) => sum + size, 0);
  if (taken <= limit) return;
  for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
    if (taken <= LEFT * limit) return;
    rmSync(path, { force: true });
    taken -= size;
  }
}
