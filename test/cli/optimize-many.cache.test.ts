import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, parse, saveModel } from "../../src/index.js";
import { BIN, CONV_BN, CONV_BN_CHANGED, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();
const MODELS = 24;

beforeAll(async () => {
  mkdirSync(join(cwd, "models"));
  for (let i = 0; i < MODELS; i++) {
    const name = `m${String(i).padStart(2, "0")}.onnx`;
    const text = CONV_BN.replace("{0.5, -2, 1.5}", `{0.5, -2, ${1.5 + i}}`);
    await saveModel(parse(text), join(cwd, "models", name));
  }
});

async function cached(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await normfold(["optimize", ...args, "--json"], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  const { runs, summary } = JSON.parse(stdout);
  for (const { report } of runs) expect(report.check.status).toBe("equal");
  return [summary.optimized, summary.cached];
}

describe("--cache", () => {
  it("spares a second run the work, whoever removed the results meanwhile", async () => {
    const line = ["models/m0*.onnx", "--out-dir", "out", "--cache", "cache"];
    expect(await cached(...line)).toEqual([10, 0]);
    const before = readFileSync(join(cwd, "out/m03.onnx"));
    expect(await cached(...line)).toEqual([10, 10]);
    rmSync(join(cwd, "out"), { recursive: true });
    expect(await cached(...line)).toEqual([10, 10]);
    expect(readFileSync(join(cwd, "out/m03.onnx"))).toEqual(before);
    const text = await normfold(["optimize", ...line], { cwd });
    expect(text.stdout).toMatch(/^m03\.onnx .* cached +equal$/m);
    expect(text.stdout).toContain("10 models: 10 optimized, 10 of them from the cache");
    expect(await cached(...line, "--seed", "1")).toEqual([10, 0]);
  });

  it("is shared by runs side by side", async () => {
    const line = (out: string): string[] => ["models/m1*.onnx", "--out-dir", out, "--cache", "shared"];
    await Promise.all([cached(...line("a")), cached(...line("b"))]);
    expect(await cached(...line("a"))).toEqual([10, 10]);
    expect(await cached(...line("c"))).toEqual([10, 10]);
    expect(readdirSync(join(cwd, "b")).sort()).toEqual(readdirSync(join(cwd, "c")).sort());
  });

  it("works for one model, whose account it has", async () => {
    await writeModel(join(cwd, "one.onnx"), CONV_BN);
    const line = ["optimize", "one.onnx", "-o", "1.onnx", "--cache", "single"];
    const first = await normfold([...line, "--json"], { cwd });
    const again = await normfold([...line, "--json"], { cwd });
    const [[made], [found]] = [JSON.parse(first.stdout).runs, JSON.parse(again.stdout).runs];
    expect(found).toEqual({ ...made, secondsByStage: { cache: expect.any(Number) }, cached: true });
    expect((await normfold(line, { cwd })).stdout).toMatch(/^found 1\.onnx/m);
    await writeModel(join(cwd, "one.onnx"), CONV_BN_CHANGED);
    expect((await normfold(line, { cwd })).stdout).toMatch(/^wrote 1\.onnx/m);
  });

  it("is refused where it can have no effect, or is no folder", async () => {
    const over = await normfold(["optimize", "one.onnx", "--in-place", "--cache", "c"], { cwd });
    expect([over.code, over.stderr]).toEqual([
      2,
      expect.stringContaining("--cache has no effect with --in-place"),
    ]);
    writeFileSync(join(cwd, "file"), "");
    const file = await normfold(["optimize", "models", "--out-dir", "x", "--cache", "file"], { cwd });
    expect([file.code, file.stderr]).toEqual([5, expect.stringContaining("this is no folder")]);
  });
});

describe("a run that is stopped", () => {
  /** Starts a run and waits until it has written something. */
  async function started(out: string): Promise<ChildProcess> {
    const line = [BIN, "optimize", "models", "--out-dir", out, "--cache", `${out}-cache`];
    const child = spawn(process.execPath, line, { cwd, stdio: "ignore" });
    while (!existsSync(join(cwd, out)) || readdirSync(join(cwd, out)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return child;
  }

  async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
    const end = new Promise((resolve) => child.once("exit", (code, by) => resolve(by ?? code)));
    child.kill(signal);
    return await end;
  }

  it.each([
    ["SIGKILL", "SIGKILL"],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s leaves whole results or none, and the next goes on", async (signal, code) => {
    const out = signal.toLowerCase();
    // A run that has come to its end just then is none that was stopped.
    expect([code, 0]).toContain(await ended(await started(out), signal));
    for (const name of readdirSync(join(cwd, out)).filter((each) => each.endsWith(".onnx")))
      await expect(loadModel(join(cwd, out, name))).resolves.toBeDefined();
    expect(await cached("models", "--out-dir", out, "--cache", `${out}-cache`)).toEqual([
      MODELS,
      expect.any(Number),
    ]);
    // Workers may have ended later, but what they left is removed by whoever writes there next.
    expect(readdirSync(join(cwd, out)).filter((name) => !name.endsWith(".onnx"))).toEqual([]);
  });
});
