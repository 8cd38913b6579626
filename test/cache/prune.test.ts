import { existsSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { prune } from "../../src/cache/prune.js";
import { folderWith } from "../batch/support.js";

function aged(files: Readonly<Record<string, readonly [size: number, hours: number]>>): string {
  const folder = folderWith(...Object.keys(files));
  for (const [name, [size, hours]] of Object.entries(files)) {
    const time = new Date(Date.now() - 3_600_000 * hours);
    truncateSync(join(folder, name), size);
    utimesSync(join(folder, name), time, time);
  }
  return folder;
}

it("removes those that were used longest ago, until there is room", () => {
  const folder = aged({ "r/a": [400, 3], "r/b": [400, 9], "c/c": [400, 1] });
  prune(folder, 1200);
  expect(["r/a", "r/b", "c/c"].map((name) => existsSync(join(folder, name)))).toEqual([true, true, true]);
  prune(folder, 1000);
  expect(["r/a", "r/b", "c/c"].map((name) => existsSync(join(folder, name)))).toEqual([true, false, true]);
  prune(folder, 0);
  expect(["r/a", "c/c"].map((name) => existsSync(join(folder, name)))).toEqual([false, false]);
});

it("removes unfinished files that nobody can be writing, and leaves the others", () => {
  const folder = aged({ "r/.old.tmp": [1, 2], "r/.new.tmp": [1, 0] });
  prune(folder, 1e9);
  expect(existsSync(join(folder, "r/.old.tmp"))).toBe(false);
  expect(existsSync(join(folder, "r/.new.tmp"))).toBe(true);
});
