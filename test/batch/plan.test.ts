import { describe, expect, it } from "vitest";
import { type Destination, planOutputs, resultsOf } from "../../src/batch/plan.js";

const MODELS = [
  { path: "models/a.onnx", place: "a.onnx" },
  { path: "models/x/b.ONNX", place: "x/b.ONNX" },
];

function outputs(destination: Destination, models = MODELS): string[] {
  return planOutputs(models, destination).map(({ output }) => output);
}

describe("planOutputs", () => {
  it("keeps the folders of the models", () => {
    expect(outputs({ outDir: "out" })).toEqual(["out/a.onnx", "out/x/b.onnx"]);
    expect(outputs({ outDir: "out", name: "{name}.opt.{ext}" })).toEqual([
      "out/a.opt.onnx",
      "out/x/b.opt.ONNX",
    ]);
    expect(outputs({ outDir: "out", name: "small/{name}.onnx" })).toEqual([
      "out/small/a.onnx",
      "out/x/small/b.onnx",
    ]);
  });

  it("writes beside the models, over them, or one to a file", () => {
    expect(outputs({ name: "{name}.opt.onnx" })).toEqual(["models/a.opt.onnx", "models/x/b.opt.onnx"]);
    expect(outputs({ inPlace: true })).toEqual(["models/a.onnx", "models/x/b.ONNX"]);
    expect(outputs({ outputFile: "o.onnx" }, MODELS.slice(0, 1))).toEqual(["o.onnx"]);
    expect(outputs({ outDir: "out", name: "net.onnx" }, MODELS.slice(0, 1))).toEqual(["out/net.onnx"]);
  });

  const twins = [
    { path: "m/a.onnx", place: "a.onnx" },
    { path: "m/a.txt", place: "a.txt" },
  ];
  it.each<[string, Destination, typeof MODELS]>([
    ["place-for-many-is-missing", {}, MODELS],
    ["output-is-for-one-model", { outputFile: "o.onnx" }, MODELS],
    ["place-is-given-twice", { outDir: "out", inPlace: true }, MODELS],
    ["place-is-given-twice", { outDir: "out", outputFile: "o.onnx" }, MODELS],
    ["place-is-given-twice", { name: "{name}.o.onnx", inPlace: true }, MODELS],
    ["pattern-lacks-name", { outDir: "out", name: "net.onnx" }, MODELS],
    ["pattern-has-unknown-part", { outDir: "out", name: "{nam}.onnx" }, MODELS],
    ["pattern-leaves-folder", { outDir: "out", name: "../{name}.onnx" }, MODELS],
    ["pattern-leaves-folder", { outDir: "out", name: "/tmp/{name}.onnx" }, MODELS],
    ["outputs-of-two-models", { outDir: "out" }, twins],
    ["output-is-model", { outDir: "models" }, MODELS],
    ["output-is-model", { outDir: "m", name: "a.onnx" }, twins.slice(0, 1)],
    ["name-is-of-another-format", { outDir: "out", name: "{name}.ort" }, MODELS],
  ])("refuses: %s", (id, destination, models) => {
    expect(() => planOutputs(models, destination)).toThrow(expect.objectContaining({ id, code: "usage" }));
  });
});

describe("resultsOf", () => {
  it.each<[Destination, string, string, boolean]>([
    // The folder for results is inside: all in it.
    [{ outDir: "models/out" }, "models", "models/out/a.onnx", true],
    [{ outDir: "models/out" }, "models", "models/outer/a.onnx", false],
    [{ outDir: "out", name: "{name}.opt.onnx" }, ".", "out/a.onnx", true],
    // Elsewhere: none.
    [{ outDir: "out" }, "models", "models/a.onnx", false],
    [{ outDir: "out", name: "{name}.opt.onnx" }, "models", "models/a.opt.onnx", false],
    [{ outDir: "out" }, "out/models", "out/models/a.onnx", false],
    // Beside the models: by their names.
    [{ name: "{name}.opt.onnx" }, "models", "models/x/a.opt.onnx", true],
    [{ name: "{name}.opt.onnx" }, "models", "models/x/a.onnx", false],
    [{ name: "{name}.opt.onnx" }, "models", "models/x/opt.onnx", false],
    [{ name: "small/{name}.onnx" }, "models", "models/small/a.onnx", true],
    [{ outDir: "models", name: "{name}.opt.onnx" }, "models", "models/a.opt.onnx", true],
    [{ inPlace: true }, "models", "models/a.onnx", false],
    [{}, "models", "models/a.onnx", false],
  ])("%j: in %s, %s is a result: %s", (destination, folder, path, expected) => {
    expect(resultsOf(destination)({ path, folder })).toBe(expected);
  });
});
