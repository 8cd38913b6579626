import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ResultCache } from "../../src/cache/result-cache.js";
import { parse, saveModel } from "../../src/index.js";
import { type OptimizeFileJob, optimizeFile } from "../../src/job/optimize-file.js";
import { timedStages } from "../../src/job/stages.js";
import { folderWith } from "../batch/support.js";
import { BIN, CONV_BN, CONV_BN_CHANGED } from "../support/cli.js";

const options = { check: false } as const;

async function project(externalData = false): Promise<{ folder: string; job: OptimizeFileJob }> {
  const folder = folderWith();
  const input = join(folder, "m.onnx");
  await saveModel(parse(CONV_BN), input, { externalData: externalData ? { threshold: 0 } : false });
  mkdirSync(join(folder, "out"));
  return { folder, job: { input, output: join(folder, "out/m.onnx"), options } };
}

/** One run with one job: where its result comes from, and whether the whole account is known. */
async function run(folder: string, job: OptimizeFileJob, wantsRuns = false): Promise<string> {
  const cache = new ResultCache(join(folder, "cache"), [job], { limit: 1e9, script: BIN, wantsRuns });
  const found = await cache.find(job);
  if (typeof found === "function") {
    await found(await optimizeFile(job, timedStages()));
    expect(await cache.close()).toBeUndefined();
    return "work";
  }
  expect(await cache.close()).toBeUndefined();
  if (found.status === "failed") throw new Error(found.error.message);
  return found.run === undefined ? "cache" : `cache ${found.run.output.path === job.output}`;
}

function contents(folder: string): (string | Buffer)[] {
  const names = readdirSync(folder).sort();
  return names.flatMap((name) => [name, readFileSync(join(folder, name))]);
}

describe("a cache", () => {
  it("knows a model again, by what is in it", async () => {
    const { folder, job } = await project();
    expect(await run(folder, job)).toBe("work");
    expect(await run(folder, job)).toBe("cache");
    const result = readFileSync(job.output);
    const copy = { ...job, input: join(folder, "copy.onnx"), output: join(folder, "out/copy.onnx") };
    writeFileSync(copy.input, readFileSync(job.input));
    expect(await run(folder, copy, true)).toBe("cache true");
    expect(readFileSync(copy.output)).toEqual(result);
    await saveModel(parse(CONV_BN_CHANGED), job.input);
    expect(await run(folder, job)).toBe("work");
    expect(await run(folder, { ...job, options: { ...options, skip: ["fuse-pad"] } })).toBe("work");
  });

  it("puts a result back that was removed or changed", async () => {
    const { folder, job } = await project();
    await run(folder, job);
    const result = readFileSync(job.output);
    rmSync(dirname(job.output), { recursive: true });
    expect(await run(folder, job)).toBe("cache");
    expect(readFileSync(job.output)).toEqual(result);
    writeFileSync(job.output, "other");
    expect(await run(folder, job)).toBe("cache");
    expect(contents(dirname(job.output))).toEqual(["m.onnx", result]);
  });

  it("hangs on external data, and keeps that of the result", async () => {
    const { folder, job: plain } = await project(true);
    const job = { ...plain, options: { ...options, externalData: 1 } };
    expect(await run(folder, job)).toBe("work");
    const results = contents(dirname(job.output));
    expect(results).toHaveLength(4);
    expect(await run(folder, job)).toBe("cache");
    rmSync(dirname(job.output), { recursive: true });
    expect(await run(folder, job)).toBe("cache");
    expect(contents(dirname(job.output))).toEqual(results);
    rmSync(join(dirname(job.output), "m.onnx.data"));
    expect(await run(folder, job)).toBe("cache");
    expect(contents(dirname(job.output))).toEqual(results);
    const data = join(folder, "m.onnx.data");
    const bytes = readFileSync(data);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(data, bytes);
    expect(await run(folder, job)).toBe("work");
  });

  it("is never believed where it is broken", async () => {
    const { folder, job } = await project();
    await run(folder, job);
    const result = readFileSync(job.output);
    for (const spoil of [
      (bytes: Buffer) => bytes.subarray(1),
      () => Buffer.alloc(0),
      () => Buffer.from("{}"),
    ]) {
      for (const entry of readdirSync(join(folder, "cache"), { withFileTypes: true, recursive: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isFile()) writeFileSync(path, spoil(readFileSync(path)));
      }
      rmSync(job.output);
      expect(await run(folder, job)).toBe("work");
      expect(readFileSync(job.output)).toEqual(result);
    }
    expect(await run(folder, job)).toBe("cache");
  });

  it("keeps no result of a model that changed while it was worked on", async () => {
    const { folder, job } = await project();
    const cache = new ResultCache(join(folder, "cache"), [job], {
      limit: 1e9,
      script: BIN,
      wantsRuns: false,
    });
    const keep = await cache.find(job);
    const done = await optimizeFile(job, timedStages());
    writeFileSync(job.input, readFileSync(job.input));
    await saveModel(parse(CONV_BN_CHANGED), job.input);
    if (typeof keep === "function") await keep(done);
    await cache.close();
    await saveModel(parse(CONV_BN), job.input);
    expect(await run(folder, job)).toBe("work");
  });

  it("leaves streams, measurements and models that are written over alone", async () => {
    const { folder, job } = await project();
    const cache = new ResultCache(join(folder, "cache"), [job], {
      limit: 1e9,
      script: BIN,
      wantsRuns: false,
    });
    await run(folder, job);
    for (const other of [
      { ...job, input: "-" },
      { ...job, options: { ...options, time: true } },
      { ...job, options: { ...options, inPlace: true } },
      { ...job, input: join(folder, "gone.onnx") },
    ])
      expect(await cache.find(other)).toBeTypeOf("function");
  });

  it("is bounded", async () => {
    const { folder, job } = await project();
    const cache = new ResultCache(join(folder, "cache"), [job], { limit: 0, script: BIN, wantsRuns: false });
    const keep = await cache.find(job);
    if (typeof keep === "function") await keep(await optimizeFile(job, timedStages()));
    await cache.close();
    const files = readdirSync(join(folder, "cache"), { withFileTypes: true, recursive: true });
    expect(files.filter((entry) => entry.isFile())).toEqual([]);
    expect(existsSync(job.output)).toBe(true);
  });

  it("must be a folder", () => {
    const folder = folderWith("file");
    const make = (): ResultCache =>
      new ResultCache(join(folder, "file"), [], { limit: 1, script: BIN, wantsRuns: false });
    expect(make).toThrow(expect.objectContaining({ id: "cache-is-no-folder", code: "io" }));
  });
});
