import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { NormfoldConfig } from "../../src/config/config.js";
import { PRESETS } from "../../src/config/presets.js";
import { resolveRun } from "../../src/config/resolve.js";

function loaded(config: NormfoldConfig, folder = resolve("project")) {
  return { path: join(folder, "normfold.config.ts"), folder, config };
}

describe("resolveRun", () => {
  it("gives the command line alone what it says", async () => {
    const run = await resolveRun(["m"], { outDir: "o", jobs: 3, seed: 1, preset: "edge" }, undefined);
    expect(run).toMatchObject({ inputs: ["m"], destination: { outDir: "o" }, jobs: 3, plugins: [] });
    expect(run.optionsFor("m/a.onnx")).toEqual({ ...PRESETS.edge.options, seed: 1 });
  });

  it("takes paths of the configuration from its folder", async () => {
    const config = {
      inputs: ["a", "b/*.onnx"],
      outDir: "out",
      cache: "c",
      options: { checkInputs: "d.npz", allowOperators: ["Conv", "@ops.txt"] },
    };
    const run = await resolveRun([], {}, loaded(config));
    expect(run).toMatchObject({
      inputs: ["project/a", "project/b/*.onnx"],
      destination: { outDir: "project/out" },
      cache: "project/c",
    });
    expect(run.optionsFor("project/a/x.onnx")).toEqual({
      checkInputs: "project/d.npz",
      allowOperators: ["Conv", "@project/ops.txt"],
    });
    expect(await resolveRun(["x"], {}, loaded(config))).toMatchObject({ inputs: ["x"] });
  });

  it("puts overrides behind each other, and the command line before all", async () => {
    const config: NormfoldConfig = {
      preset: "server",
      options: { seed: 1, skip: ["a"], growthLimit: 7 },
      overrides: [
        { files: "bert*.onnx", preset: "web", options: { seed: 2 } },
        { files: ["models/nlp/**"], options: { skip: ["b"] } },
      ],
    };
    const run = await resolveRun([], {}, loaded(config));
    const server = { ...PRESETS.server.options, seed: 1, skip: ["a"], growthLimit: 7 };
    expect(run.optionsFor("project/models/a.onnx")).toEqual(server);
    expect(run.optionsFor("project/models/nlp/bert-2.onnx")).toEqual({
      ...server,
      ...PRESETS.web.options,
      seed: 2,
      skip: ["b"],
    });
    const forced = await resolveRun([], { preset: "edge", seed: 9 }, loaded(config));
    expect(forced.optionsFor("project/bert.onnx")).toMatchObject({
      ...PRESETS.edge.options,
      seed: 9,
      skip: ["a"],
    });
  });

  it("leaves the configuration's place for results where the command line has one", async () => {
    const config = { outDir: "out", name: "{name}.opt.onnx" };
    const destination = async (given: object) =>
      (await resolveRun(["m"], { ...given }, loaded(config))).destination;
    expect(await destination({})).toEqual({ outDir: "project/out", name: "{name}.opt.onnx" });
    expect(await destination({ outputFile: "o.onnx" })).toEqual({ outputFile: "o.onnx" });
    expect(await destination({ inPlace: true })).toEqual({ inPlace: true });
    expect(await destination({ outDir: "x" })).toEqual({ outDir: "x", name: "{name}.opt.onnx" });
    expect(await destination({ name: "{name}.s.onnx" })).toEqual({
      outDir: "project/out",
      name: "{name}.s.onnx",
    });
  });

  it("says where plugins are", async () => {
    const inline = { passes: [] };
    const run = await resolveRun(["m"], { plugins: ["own.ts"] }, loaded({ plugins: ["./p.ts", inline] }));
    expect(run.plugins).toEqual([
      { kind: "module", path: resolve("project/p.ts") },
      { kind: "config", path: resolve("project/normfold.config.ts"), index: 1 },
      { kind: "module", path: resolve("own.ts") },
    ]);
  });
});
