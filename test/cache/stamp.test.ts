import { renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isUnchanged, type Stamp, stampFrom, stampOf } from "../../src/cache/stamp.js";
import { folderWith } from "../batch/support.js";

/** The stamp, once the file is old enough to be trusted. */
async function settled(path: string): Promise<Stamp> {
  for (;;) {
    const stamp = stampOf(path);
    if (stamp !== undefined) return stamp;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it("tells a file that was written, replaced or removed from one that was not", async () => {
  const folder = folderWith("a", "b");
  const path = join(folder, "a");
  expect(isUnchanged(await settled(path))).toBe(true);
  const before = await settled(path);
  writeFileSync(path, "c");
  expect(isUnchanged(before)).toBe(false);
  const written = await settled(path);
  renameSync(join(folder, "b"), path);
  expect(isUnchanged(written)).toBe(false);
  const replaced = await settled(path);
  // Its time as it was, but for that of its change, which nobody can set.
  const { atime, mtime } = statSync(path);
  writeFileSync(path, "d");
  utimesSync(path, atime, mtime);
  expect(isUnchanged(replaced)).toBe(false);
  renameSync(path, join(folder, "e"));
  expect(isUnchanged(replaced)).toBe(false);
});

it("trusts no file that was written just now", () => {
  const path = join(folderWith("a"), "a");
  const soon = new Date(Date.now() + 60_000);
  utimesSync(path, soon, soon);
  expect(stampOf(path)).toBeUndefined();
  expect(isUnchanged(stampFrom(path, statSync(path)))).toBe(true);
});
