import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CONV_BN,
  expectFailure,
  expectNarrow,
  normfold,
  RUNTIME_BN,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();

beforeAll(async () => {
  mkdirSync(join(cwd, "many"));
  for (const path of ["bn.onnx", "many/a.onnx", "many/b.onnx"]) await writeModel(join(cwd, path), CONV_BN);
  await writeModel(join(cwd, "runtime.onnx"), RUNTIME_BN);
  await normfold(["optimize", "bn.onnx", "-o", "folded.onnx", "-q"], { cwd });
});

describe("a budget", () => {
  test("that is met lets the model be written", async () => {
    const budget = [
      "--forbid-operators",
      "BatchNormalization",
      "--max-nodes",
      "2",
      "--max-difference",
      "1e-3",
    ];
    const { code, stdout } = await normfold(["optimize", "bn.onnx", "-o", "o.onnx", ...budget], { cwd });
    expect(code).toBe(0);
    expectNarrow(stdout);
    expect(stdout).toMatch(/budget {2}met\n.*wanted.*got\n {2}operators +no BatchNormalization +none +met\n/);
    expect(stdout).toMatch(/wrote o\.onnx/);
  });

  test("that is missed is a table, exit code 1, and nothing is written", async () => {
    const args = [
      "optimize",
      "bn.onnx",
      "-o",
      "missed.onnx",
      "--max-nodes",
      "1",
      "--allow-operators",
      "Conv",
    ];
    const { code, stdout } = await normfold(args, { cwd });
    expect(code).toBe(1);
    expectNarrow(stdout);
    expect(stdout).toMatch(/budget {2}missed in 2 points\n/);
    expect(stdout).toMatch(/operators +only Conv +1 Relu +missed\n {2}nodes +at most 1 +2 +missed\n/);
    expect(stdout).toMatch(/nothing was written; --write-over-budget writes it all the same\n$/);
    expectFailure(
      await normfold([...args, "-q"], { cwd }),
      1,
      /bn\.onnx: the result misses its budget: operators 1 Relu \(wanted: only Conv\), nodes 2 .*; nothing was written/,
    );
    const json = await normfold([...args, "--json"], { cwd });
    const { runs, exitCode } = JSON.parse(json.stdout);
    expect([json.code, exitCode, runs[0].status, runs[0].output]).toEqual([1, 1, "missed", undefined]);
    expect(runs[0].budget.rows).toHaveLength(2);
    expect(existsSync(join(cwd, "missed.onnx"))).toBe(false);
    const written = await normfold([...args, "--write-over-budget", "--json"], { cwd });
    expect([written.code, JSON.parse(written.stdout).runs[0].output.path]).toEqual([1, "missed.onnx"]);
    expect(existsSync(join(cwd, "missed.onnx"))).toBe(true);
  });

  test("holds each of many models", async () => {
    const args = ["optimize", "many", "--out-dir", "out", "--max-nodes", "1"];
    const { code, stdout } = await normfold(args, { cwd });
    expect(code).toBe(1);
    expectNarrow(stdout);
    expect(stdout.match(/misses its budget/g)).toHaveLength(2);
    expect(stdout).toMatch(/many\/a\.onnx\nbudget {2}missed in 1 point\n/);
    expect(stdout).toMatch(/2 models: 0 optimized, 2 over budget/);
    expect(existsSync(join(cwd, "out/a.onnx"))).toBe(false);
    const json = await normfold([...args, "--json"], { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({
      summary: { optimized: 0, missed: 2, failed: 0 },
      exitCode: 1,
    });
  });

  test("that knows of refusals and of time", async () => {
    const refused = ["optimize", "runtime.onnx", "-o", "r.onnx", "--forbid-refusals"];
    const missed = await normfold([...refused, "constant-is-*"], { cwd });
    expect(missed.code).toBe(1);
    expect(missed.stdout).toMatch(/refusals +no constant-is-\* +\d constant-is-graph-input +missed/);
    expect((await normfold([...refused, "graph-is-cyclic", "-q"], { cwd })).code).toBe(0);
    const slow = ["optimize", "bn.onnx", "-o", "s.onnx", "--max-slowdown", "1000000", "--json"];
    const run = JSON.parse((await normfold(slow, { cwd })).stdout).runs[0];
    expect(run.budget).toMatchObject({ met: true, rows: [{ budget: "maxSlowdown", wanted: 1e6 }] });
    expect(run.profile.models).toHaveLength(2);
  });

  test("is held by check too", async () => {
    const check = (...budget: string[]) => normfold(["check", "bn.onnx", "folded.onnx", ...budget], { cwd });
    expect((await check("--max-nodes", "2", "--max-difference", "1e-3")).code).toBe(0);
    const missed = await check("--forbid-operators", "Conv", "--max-bytes", "1");
    expect(missed.code).toBe(1);
    expect(missed.stdout).toMatch(/check {2}equal[\s\S]*budget {2}missed in 2 points\n/);
    const json = JSON.parse((await check("--max-nodes", "1", "--json")).stdout);
    expect([json.check.status, json.budget.met]).toEqual(["equal", false]);
  });

  test("is asked for when its result is to be written all the same", async () => {
    const args = ["optimize", "bn.onnx", "-o", "w.onnx", "--write-over-budget"];
    expectFailure(await normfold(args, { cwd }), 2, "--write-over-budget has no effect without");
  });
});
