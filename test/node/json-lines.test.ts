import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openJsonLines } from "../../src/node/json-lines.js";
import { temporaryFolder } from "../support/cli.js";

const cwd = temporaryFolder();

it("one document a line; the file starts anew or goes on", () => {
  const path = join(cwd, "run.jsonl");
  const add = openJsonLines(path, { append: false });
  add({ step: 1 });
  add({ step: 2, text: "a\nb" });
  openJsonLines(path, { append: true })({ step: 3 });
  const lines = (): unknown[] =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  expect(lines()).toEqual([{ step: 1 }, { step: 2, text: "a\nb" }, { step: 3 }]);
  openJsonLines(path, { append: false })({ step: 4 });
  expect(lines()).toEqual([{ step: 4 }]);
});

it("a missing folder is an error at once", () => {
  expect(() => openJsonLines(join(cwd, "none", "run.jsonl"), { append: false })).toThrow(
    expect.objectContaining({ code: "io" }),
  );
});
