import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runBatch } from "../../src/batch/run-batch.js";
import { BIN, CONV_BN, writeModel } from "../support/cli.js";
import { folderWith } from "./support.js";

it("gives outcomes in the order of the jobs; a failure stops nothing else", async () => {
  const folder = folderWith();
  const options = { check: false } as const;
  const good = await writeModel(join(folder, "good.onnx"), CONV_BN);
  const broken = join(folder, "broken.onnx");
  writeFileSync(broken, "no model");
  const jobs = ["gone.onnx", "broken.onnx", "good.onnx"].map((name) => ({
    input: join(folder, name),
    output: join(folder, "out/deep", name),
    options,
  }));
  const seen: string[] = [];
  const outcomes = await runBatch(jobs, {
    workers: 2,
    processors: 2,
    script: BIN,
    keepRuns: false,
    onOutcome: ({ input }) => seen.push(input),
  });
  expect(outcomes).toMatchObject([
    { status: "failed", error: { code: "io", where: { file: join(folder, "gone.onnx") } } },
    { status: "failed", error: { code: "invalid", where: { file: broken } } },
    {
      status: "optimized",
      input: good,
      cached: false,
      figures: { check: "none", nodes: { before: 3, after: 2 } },
    },
  ]);
  expect(seen.sort()).toEqual(jobs.map(({ input }) => input).sort());
  expect(existsSync(join(folder, "out/deep/good.onnx"))).toBe(true);
});

it("asks a store before anything is started, and gives it what is done", async () => {
  const folder = folderWith();
  const input = await writeModel(join(folder, "m.onnx"), CONV_BN);
  const job = { input, output: join(folder, "o.onnx"), options: { check: false } };
  const kept: string[] = [];
  const settings = { workers: 1, processors: 1, script: BIN, keepRuns: true };
  const [first] = await runBatch([job], {
    ...settings,
    store: {
      find:
        async () =>
        async ({ run }) =>
          void kept.push(run.output.path),
    },
  });
  expect(kept).toEqual([job.output]);
  if (first?.status !== "optimized") throw new Error("it failed");
  expect(first.run?.report.check).toBeUndefined();
  const known = { ...first, cached: true };
  // A script that is none shows that no worker is started.
  const again = await runBatch([job], { ...settings, script: "none", store: { find: async () => known } });
  expect(again).toEqual([known]);
});
