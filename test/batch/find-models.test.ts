import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findModels } from "../../src/batch/find-models.js";
import { folderWith } from "./support.js";

const root = folderWith(
  "a.onnx",
  "B.ONNX",
  "w.bin",
  "t.txt",
  "x/a.onnx",
  "x/y/c.onnx",
  "x[1].onnx",
  "none/r.md",
);

async function placesOf(...words: string[]): Promise<string[]> {
  const { models } = await findModels(words.map((word) => (word === "-" ? word : join(root, word))));
  return models.map(({ place }) => place);
}

describe("findModels", () => {
  it("takes the .onnx files of a folder and below", async () => {
    expect(await placesOf("")).toEqual(["B.ONNX", "a.onnx", "x/a.onnx", "x/y/c.onnx", "x[1].onnx"]);
    expect(await placesOf("x")).toEqual(["a.onnx", "y/c.onnx"]);
  });

  it("takes what a pattern matches, and places it below its part without wildcards", async () => {
    expect(await placesOf("x/**/*.onnx")).toEqual(["a.onnx", "y/c.onnx"]);
    expect(await placesOf("*")).toEqual(["B.ONNX", "a.onnx", "x[1].onnx"]);
    expect(await placesOf("*.txt")).toEqual(["t.txt"]);
    expect(await placesOf("{a,B}.{onnx,ONNX}")).toEqual(["B.ONNX", "a.onnx"]);
  });

  it("places named files below the folder that all are in, as a shell expands a pattern", async () => {
    expect(await placesOf("a.onnx", "x/a.onnx", "x/y/c.onnx")).toEqual(["a.onnx", "x/a.onnx", "x/y/c.onnx"]);
    expect(await placesOf("x/a.onnx", "x/y/c.onnx")).toEqual(["a.onnx", "y/c.onnx"]);
    expect(await placesOf("x/a.onnx")).toEqual(["a.onnx"]);
    expect(await placesOf("-")).toEqual(["-"]);
  });

  it("takes a file once, and a file whose name looks like a pattern as a file", async () => {
    expect(await placesOf("x", "x/a.onnx", "x/*.onnx", "x/../x/a.onnx")).toEqual(["a.onnx", "y/c.onnx"]);
    const named = await findModels([join(root, "x[1].onnx")]);
    expect(named).toMatchObject({ isOneFile: true, models: [{ place: "x[1].onnx" }] });
    expect(await findModels([join(root, "a*.onnx")])).toMatchObject({ isOneFile: false });
  });

  it("leaves out earlier results, but none that is named", async () => {
    const isResult = ({ path }: { path: string }): boolean => path.endsWith("c.onnx");
    const found = await findModels([join(root, "x"), join(root, "x/y/c.onnx")], isResult);
    expect(found.models.map(({ place }) => place)).toEqual(["a.onnx", "c.onnx"]);
  });

  it.each([
    ["glob-matches-nothing", "usage", [join(root, "q*.onnx")]],
    ["glob-matches-nothing", "usage", [join(root, "nowhere/*.onnx")]],
    ["folder-has-no-models", "usage", [join(root, "none")]],
    ["standard-input-is-one-model", "usage", ["-", join(root, "a.onnx")]],
  ])("refuses: %s", async (id, code, words) => {
    await expect(findModels(words)).rejects.toMatchObject({ id, code });
  });

  it("leaves a file that is not there to whoever opens it", async () => {
    expect(await placesOf("gone.onnx", "a.onnx")).toEqual(["a.onnx", "gone.onnx"]);
  });
});
