import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, summarize } from "../../src/index.js";
import {
  CONV_BN,
  CUSTOM,
  expectError,
  expectNarrow,
  filesIn,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();

beforeAll(async () => {
  mkdirSync(join(cwd, "models/deep"), { recursive: true });
  await writeModel(join(cwd, "models/a.onnx"), CONV_BN);
  await writeModel(join(cwd, "models/deep/b.onnx"), CONV_BN);
  mkdirSync(join(cwd, "bad"));
  await writeModel(join(cwd, "bad/custom.onnx"), CUSTOM);
  await writeModel(join(cwd, "bad/good.onnx"), CONV_BN);
  writeFileSync(join(cwd, "bad/broken.onnx"), "no model");
});

async function nodes(path: string): Promise<number> {
  return summarize(await loadModel(join(cwd, path))).nodes;
}

describe("optimize with many models", () => {
  it("takes a folder, keeps its folders, and prints one table", async () => {
    const result = await normfold(["optimize", "models", "--out-dir", "out"], { cwd });
    expect([result.code, result.stderr]).toEqual([0, ""]);
    expectNarrow(result.stdout);
    expect(result.stdout).toMatch(/^models\/\nmodel +nodes/);
    expect(result.stdout).toMatch(/^deep\/b\.onnx +3 -> 2 .*equal$/m);
    expect(result.stdout).toContain("2 models: 2 optimized");
    expect([await nodes("out/a.onnx"), await nodes("out/deep/b.onnx")]).toEqual([2, 2]);
  });

  it("takes patterns and several files, and names results by a pattern", async () => {
    const pattern = await normfold(
      ["optimize", "models/**/*.onnx", "--out-dir", "p", "--name", "{name}.opt.onnx"],
      { cwd },
    );
    expect([pattern.code, pattern.stderr]).toEqual([0, ""]);
    const named = await normfold(
      ["optimize", "models/a.onnx", "models/deep/b.onnx", "--out-dir", "n", "--name", "{name}.opt.onnx"],
      { cwd },
    );
    expect([named.code, named.stderr]).toEqual([0, ""]);
    for (const place of ["a.opt.onnx", "deep/b.opt.onnx"])
      expect(readFileSync(join(cwd, "p", place))).toEqual(readFileSync(join(cwd, "n", place)));
  });

  it("does not optimize results again that lie among the models", async () => {
    mkdirSync(join(cwd, "beside"));
    await writeModel(join(cwd, "beside/a.onnx"), CONV_BN);
    for (const _ of [1, 2]) {
      const beside = await normfold(["optimize", "beside", "--name", "{name}.opt.onnx", "-q"], { cwd });
      expect(beside).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const below = await normfold(["optimize", "beside/*.onnx", "--out-dir", "beside/out", "-q"], { cwd });
      expect(below.code).toBe(0);
    }
    expect(filesIn(join(cwd, "beside"))).toEqual(["a.onnx", "a.opt.onnx", "out"]);
    expect(filesIn(join(cwd, "beside/out"))).toEqual(["a.onnx", "a.opt.onnx"]);
  });

  it("goes on after failures, names each, and ends with the highest exit code", async () => {
    const result = await normfold(["optimize", "bad", "bad/gone.onnx", "--out-dir", "some"], { cwd });
    expect(result.code).toBe(5);
    expect(filesIn(join(cwd, "some"))).toEqual(["good.onnx"]);
    expect(result.stdout).toContain("4 models: 1 optimized, 3 failed");
    const lines = result.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^error: bad\/broken\.onnx: /);
    expect(lines[1]).toMatch(/^error: bad\/custom\.onnx: unchecked: /);
    expect(lines[2]).toMatch(/^error: bad\/gone\.onnx: there is no such file/);
  });

  it("prints one JSON document with --json, and nothing but errors with --quiet", async () => {
    const json = await normfold(["optimize", "bad", "--out-dir", "json", "--json"], { cwd });
    expect([json.code, json.stderr]).toEqual([4, ""]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      runs: [
        { input: { path: "bad/broken.onnx" }, status: "failed", error: { code: "invalid" } },
        { input: { path: "bad/custom.onnx" }, status: "failed", error: { id: "outputs-are-unchecked" } },
        {
          input: { path: "bad/good.onnx" },
          output: { path: "json/good.onnx" },
          status: "optimized",
          cached: false,
          report: { check: { status: "equal" } },
        },
      ],
      summary: { models: 3, optimized: 1, failed: 2, cached: 0, nodes: { before: 3, after: 2 } },
      exitCode: 4,
    });
    const quiet = await normfold(["optimize", "bad", "--out-dir", "quiet", "-q"], { cwd });
    expect([quiet.code, quiet.stdout, quiet.stderr.trimEnd().split("\n").length]).toEqual([4, "", 2]);
  });

  it("writes over the models with --in-place, and one of them with --output", async () => {
    mkdirSync(join(cwd, "place"));
    await writeModel(join(cwd, "place/a.onnx"), CONV_BN);
    await writeModel(join(cwd, "place/b.onnx"), CONV_BN);
    const all = await normfold(["optimize", "place/*.onnx", "--in-place", "-q", "--jobs", "1"], { cwd });
    expect([all.code, all.stderr]).toEqual([0, ""]);
    expect([await nodes("place/a.onnx"), await nodes("place/b.onnx")]).toEqual([2, 2]);
  });

  it.each([
    ["place-for-many-is-missing", ["models"]],
    ["output-is-for-one-model", ["models", "-o", "o.onnx"]],
    ["output-is-model", ["models", "--out-dir", "models"]],
    ["outputs-of-two-models", ["models/a.onnx", "models/deep/../a.txt", "--out-dir", "x"]],
    ["glob-matches-nothing", ["models/*.ort", "--out-dir", "x"]],
    ["unknown-pass", ["models", "--out-dir", "x", "--skip", "fold-everything"]],
  ])("refuses before any work: %s", async (id, args) => {
    expectError(await normfold(["optimize", ...args, "--json"], { cwd }), 2, id);
    expect(existsSync(join(cwd, "x"))).toBe(false);
  });
});
