import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse, saveModel } from "../../src/index.js";
import { optimizeFile } from "../../src/job/optimize-file.js";
import { timedStages } from "../../src/job/stages.js";
import type { OptimizeFileOptions } from "../../src/options/optimize.js";
import { CONV_BN } from "../support/cli.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-budget-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
await saveModel(parse(CONV_BN), at("in.onnx"));

async function optimized(options: OptimizeFileOptions, name = "out.onnx") {
  rmSync(at(name), { force: true });
  const job = { input: at("in.onnx"), output: at(name), options: { check: false, ...options } };
  return (await optimizeFile(job, timedStages())).run;
}

describe("the budget of a file", () => {
  it("decides whether the result is written", async () => {
    const met = await optimized({ forbidOperators: ["BatchNormalization"], maxNodes: 2 });
    expect([met.budget?.met, existsSync(at("out.onnx"))]).toEqual([true, true]);
    const missed = await optimized({ maxNodes: 1 });
    expect([missed.budget?.met, missed.output.files, existsSync(at("out.onnx"))]).toEqual([false, [], false]);
    const written = await optimized({ maxNodes: 1, writeOverBudget: true });
    expect([written.budget?.met, existsSync(at("out.onnx"))]).toEqual([false, true]);
  });

  it("knows the size of the files before they are written", async () => {
    for (const externalData of [undefined, 16]) {
      const options = externalData === undefined ? {} : { externalData };
      const { output } = await optimized(options);
      const size = output.files.reduce((sum, { path }) => sum + statSync(path).size, 0);
      expect((await optimized({ ...options, maxBytes: size })).budget?.rows[0]?.got).toBe(size);
      const missed = await optimized({ ...options, maxBytes: size - 1 });
      expect([missed.budget?.met, missed.output.bytes]).toEqual([false, size]);
    }
  });

  it("reads the list of operators from a file", async () => {
    writeFileSync(at("ops.txt"), "ai.onnx;17;Conv");
    const { budget } = await optimized({ allowOperators: [`@${at("ops.txt")}`] });
    expect(budget?.rows[0]?.got).toEqual({ Relu: 1 });
    await expect(optimized({ allowOperators: ["@absent.txt"] })).rejects.toThrow(/no such file/);
  });
});
