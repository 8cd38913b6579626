import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { programIdentity } from "../../src/cache/program.js";
import { folderWith } from "../batch/support.js";

it("tells builds apart by the names of their files", () => {
  const folder = folderWith("main.js", "chunk-A.js");
  const before = programIdentity(join(folder, "main.js"));
  expect(before).toMatch(/^\d+\.\d+\.\d+ /);
  expect(programIdentity(join(folder, "main.js"))).toBe(before);
  writeFileSync(join(folder, "chunk-B.js"), "");
  expect(programIdentity(join(folder, "main.js"))).not.toBe(before);
});
