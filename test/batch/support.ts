import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/** A folder with these files, each of its name as text; gone when the test file's tests are done. */
export function folderWith(...files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "normfold-batch-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of files) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file);
  }
  return folder;
}
