import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  makeTemporaryFolder,
  removeTemporaryFiles,
  sweepTemporaries,
  temporaryName,
  trackTemporary,
} from "../../src/node/temporary.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "temporary-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process number that no process has: the largest that Linux gives is below it. */
const NOBODY = 2 ** 22 + 1;

/** The name that the process `pid` of this machine would have given. */
const nameOf = (pid: number): string => temporaryName(folder).replace(`-${process.pid}-`, `-${pid}-`);

it("removes what a dead process of this machine left, and nothing else", () => {
  const [mine, dead, parent] = [temporaryName(folder), nameOf(NOBODY), nameOf(process.ppid)];
  const elsewhere = dead.replace(/normfold-[0-9a-f]{8}/, "normfold-00000000");
  const older = join(folder, ".normfold-2b0b4c60-1111-4222-8333-444455556666.tmp");
  const others = ["model.onnx", ".normfold", "normfold-1.tmp"].map((name) => join(folder, name));
  for (const path of [mine, dead, parent, elsewhere, older, ...others]) writeFileSync(path, "x");
  const staged = join(
    folder,
    basename(makeTemporaryFolder(folder)).replace(`-${process.pid}-`, `-${NOBODY}-`),
  );
  mkdirSync(staged);
  writeFileSync(join(staged, "model.onnx"), "x");
  removeTemporaryFiles();
  expect([...sweepTemporaries(folder)].sort()).toEqual([elsewhere, older].sort());
  expect([dead, staged].filter(existsSync)).toEqual([]);
  expect([mine, parent, elsewhere, older, ...others].filter((path) => !existsSync(path))).toEqual([]);
});

it("finds nothing in a folder that is not there", () => {
  expect(sweepTemporaries(join(folder, "none"))).toEqual([]);
});

it("removes what is tracked when the process is told to stop", () => {
  const name = temporaryName(folder);
  writeFileSync(name, "x");
  trackTemporary(name);
  writeFileSync(join(makeTemporaryFolder(folder), "data"), "x");
  removeTemporaryFiles();
  expect(readdirSync(folder)).toEqual([]);
});
