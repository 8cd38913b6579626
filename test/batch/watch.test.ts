import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stateOf, untilSettled, type Watched } from "../../src/batch/watch.js";
import { folderWith } from "./support.js";

describe("stateOf", () => {
  it.each([
    ["a file in a folder", "models/a.onnx"],
    ["a file below it", "models/x/w.bin"],
    ["a file that is not there yet", "models/x/new.onnx"],
    ["a named file", "config.ts"],
    ["a file beside it", "helper.ts"],
  ])("is another when %s changes", (_, name) => {
    const folder = folderWith("models/a.onnx", "models/x/w.bin", "config.ts", "helper.ts");
    const watched: Watched = {
      folders: [join(folder, "models"), join(folder, "nowhere")],
      files: [join(folder, "config.ts")],
      isOwn: () => false,
    };
    const before = stateOf(watched);
    expect(stateOf(watched)).toBe(before);
    writeFileSync(join(folder, name), "changed");
    const changed = stateOf(watched);
    expect(changed).not.toBe(before);
    rmSync(join(folder, name));
    expect(stateOf(watched)).not.toBe(changed);
  });

  it("leaves out what the runs write, and what is hidden", () => {
    const folder = folderWith("a.onnx");
    const watched: Watched = { folders: [folder], files: [], isOwn: (path) => path.endsWith("o.onnx") };
    const before = stateOf(watched);
    mkdirSync(join(folder, ".git"));
    for (const name of ["o.onnx", ".tmp", ".git/x"]) writeFileSync(join(folder, name), "");
    expect(stateOf(watched)).toBe(before);
  });
});

it("waits for a change, and until it has come to its end", async () => {
  const states = ["a", "a", "b", "c", "c", "d"];
  await untilSettled("a", () => states.shift() ?? "");
  expect(states).toEqual(["d"]);
});
