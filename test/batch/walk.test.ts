import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { walk } from "../../src/batch/walk.js";
import { folderWith } from "./support.js";

function places(folder: string, depth?: number): string[] {
  const found: string[] = [];
  walk(folder, (place) => found.push(place), depth);
  return found.sort();
}

describe("walk", () => {
  it("passes by what is hidden, and node_modules", () => {
    const folder = folderWith("a.onnx", "b/c.onnx", ".git/d.onnx", "node_modules/e.onnx", ".normfold-1.tmp");
    expect(places(folder)).toEqual(["a.onnx", "b/c.onnx"]);
  });

  it("goes as deep as it is told", () => {
    const folder = folderWith("a", "b/c", "b/d/e");
    expect(places(folder, 0)).toEqual(["a"]);
    expect(places(folder, 1)).toEqual(["a", "b/c"]);
  });

  it("comes to an end where links go in circles", () => {
    const folder = folderWith("a/m.onnx", "b/n.onnx");
    symlinkSync("..", join(folder, "a/up"));
    symlinkSync("../b", join(folder, "a/side"));
    symlinkSync("../a", join(folder, "b/side"));
    symlinkSync("self", join(folder, "self"));
    expect(places(folder)).toEqual(["a/m.onnx", "b/n.onnx", "self"]);
  });

  it("enters a folder elsewhere once, however many links lead to it", () => {
    const outside = folderWith("x/m.onnx");
    const folder = folderWith("n.onnx");
    symlinkSync(outside, join(folder, "one"));
    symlinkSync(outside, join(folder, "two"));
    symlinkSync(outside, join(outside, "x/back"));
    expect(places(folder)).toEqual(["n.onnx", "one/x/m.onnx"]);
  });

  it("takes links to files, broken ones too", () => {
    const folder = folderWith("m.onnx");
    symlinkSync("m.onnx", join(folder, "link.onnx"));
    symlinkSync("gone.onnx", join(folder, "broken.onnx"));
    expect(places(folder)).toEqual(["broken.onnx", "link.onnx", "m.onnx"]);
  });

  it.skipIf(process.getuid?.() === 0)("names a folder that it may not read", () => {
    const folder = folderWith("a/m.onnx");
    mkdirSync(join(folder, "locked"));
    chmodSync(join(folder, "locked"), 0o000);
    expect(() => places(folder)).toThrow(expect.objectContaining({ code: "io" }));
    chmodSync(join(folder, "locked"), 0o700);
  });
});
