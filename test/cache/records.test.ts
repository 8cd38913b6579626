import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/cache/digest.js";
import { Records } from "../../src/cache/records.js";
import { folderWith } from "../batch/support.js";

const KEY = digestOf("key");

/** The files of a folder and below, none of which is unfinished. */
function filesOf(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

describe("records", () => {
  it("are read as they were written, by another process too", () => {
    const folder = folderWith();
    const record = { text: "ä\n", list: [1, null] };
    new Records(folder).write("results", KEY, record);
    expect(new Records(folder).read("results", KEY)).toEqual(record);
    expect(new Records(folder).read("runs", KEY)).toBeUndefined();
  });

  it.each([
    ["cut short", (text: string) => text.slice(0, -2)],
    ["empty", () => ""],
    ["with another letter", (text: string) => text.replace("right", "wrong")],
  ])("are not believed, and removed, when they are %s", (_, spoil) => {
    const folder = folderWith();
    const records = new Records(folder);
    records.write("results", KEY, { answer: "right" });
    const [path = ""] = filesOf(folder);
    writeFileSync(path, spoil(readFileSync(path, "utf8")));
    expect(records.read("results", KEY)).toBeUndefined();
    expect(filesOf(folder)).toEqual([]);
    records.write("results", KEY, { answer: "right" });
    expect(records.read("results", KEY)).toEqual({ answer: "right" });
  });
});

describe("contents", () => {
  it("are fetched as they were kept", async () => {
    const folder = folderWith("a.onnx");
    const records = new Records(join(folder, "cache"));
    const digest = await records.keep(join(folder, "a.onnx"));
    expect(digest).toBe(digestOf("a.onnx"));
    expect(await records.fetch(digest, join(folder, "b.onnx"))).toBe(true);
    expect(readFileSync(join(folder, "b.onnx"), "utf8")).toBe("a.onnx");
    expect(await records.fetch(digestOf("other"), join(folder, "c.onnx"))).toBe(false);
  });

  it("are not believed when they are broken, and kept anew", async () => {
    const folder = folderWith("a.onnx");
    const records = new Records(join(folder, "cache"));
    const digest = await records.keep(join(folder, "a.onnx"));
    const [path = ""] = filesOf(join(folder, "cache"));
    writeFileSync(path, "b.onnx");
    expect(await records.fetch(digest, join(folder, "c.onnx"))).toBe(false);
    expect(filesOf(folder)).toEqual([join(folder, "a.onnx")]);
    await records.keep(join(folder, "a.onnx"));
    expect(await records.fetch(digest, join(folder, "c.onnx"))).toBe(true);
  });

  it("are made in place, and found as they were made", async () => {
    const records = new Records(folderWith());
    const { digest, path } = await records.make(async (file) => writeFileSync(file, "made"));
    expect(digest).toBe(digestOf("made"));
    expect(await records.find(digest)).toBe(path);
    writeFileSync(path, "broken");
    expect(await records.find(digest)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    expect(await records.find(digest)).toBeUndefined();
  });

  it("that are not finished leave nothing behind", async () => {
    const folder = folderWith();
    const write = async (file: string): Promise<never> => {
      writeFileSync(file, "half");
      throw new Error("no more");
    };
    await expect(new Records(folder).make(write)).rejects.toThrow("no more");
    expect(filesOf(folder)).toEqual([]);
  });
});
