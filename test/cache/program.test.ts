import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { programIdentity } from "../../src/cache/program.js";
import { folderWith } from "../batch/support.js";
import { BIN } from "../support/cli.js";

it("tells builds apart by the file that starts the command", () => {
  const script = join(folderWith("main.js"), "main.js");
  const before = programIdentity(script);
  expect(before).toMatch(/^\d+\.\d+\.\d+ /);
  expect(programIdentity(script)).toBe(before);
  writeFileSync(script, "another build");
  expect(programIdentity(script)).not.toBe(before);
});

it("finds the digest of the program in that file", () => {
  // Without it two builds of one version would have one identity.
  expect(readFileSync(BIN, "utf8")).toMatch(/"[0-9a-f]{16}"/);
});
