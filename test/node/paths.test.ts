import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { assertWritable, canReadAgain, fileSize, isSameFile, isThere } from "../../src/node/paths.js";
import { temporaryFolder } from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

it("paths are asked before the work", () => {
  writeFileSync(at("a"), "abc");
  mkdirSync(at("folder"));
  expect([fileSize(at("a")), fileSize(at("none"))]).toEqual([3, 0]);
  expect([isThere(at("a")), isThere(at("folder")), isThere(at("none"))]).toEqual([true, true, false]);
  expect([canReadAgain(at("a")), canReadAgain(at("folder")), canReadAgain(at("none"))]).toEqual([
    true,
    false,
    false,
  ]);
  expect(() => assertWritable(at("new"))).not.toThrow();
  for (const path of [at("folder"), at("none/new")]) {
    expect(() => assertWritable(path)).toThrow(expect.objectContaining({ code: "io" }));
  }
});

it("two paths to one file are the same, by links and by dots", () => {
  writeFileSync(at("b"), "b");
  symlinkSync(at("b"), at("link"));
  mkdirSync(at("sub"), { recursive: true });
  expect([
    isSameFile(at("b"), at("link")),
    isSameFile(at("b"), at("sub/../b")),
    isSameFile(at("b"), at("c")),
  ]).toEqual([true, true, false]);
  expect(isSameFile(at("none"), at("./none"))).toBe(true);
});
