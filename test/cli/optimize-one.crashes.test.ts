import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CONV_BN,
  expectError,
  expectFailure,
  filesIn,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

/** Doubles and folds are computed in onnxruntime: one of them stands for a model that crashes it. */
const FOLDED = `<ir_version: 8, opset_import: ["" : 17]> g (float[N,3] x) => (float[N,3] y) <float[3] c = {1, 2, 3}> {
  crash_here = Sin(c)  kept = Exp(c)  a = Add(x, crash_here)  y = Mul(a, kept) }`;

const FOREVER = `<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) <bool on = {1}> {
  y = Loop("", on, x) <body = b (int64 i, bool c, float[2] s) => (bool d, float[2] t) { d = Identity(c)  t = Add(s, s) }> }`;

const GROWING = `<ir_version: 8, opset_import: ["" : 17]> g (float[8,8] x) => (float[M,8] y) {
  ${Array.from({ length: 22 }, (_, i) => `k${i} = Concat <axis = 0> (${i === 0 ? "x, x" : `k${i - 1}, k${i - 1}`})`).join("\n")}
  y = Neg(k21) }`;

/** The same with sizes that only a run tells. */
const HIDDEN = GROWING.replace("(float[M,8] y)", "(int64[M,L] y)")
  .replace("k0 = Concat", "n = NonZero(x) k0 = Concat")
  .replace("(x, x)", "(n, n)");

let env: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  // Ends the process of the runtime as a crash does, when it is asked for something that has "crash_here" in it.
  writeFileSync(
    at("crash.cjs"),
    `const fs = require("node:fs");
     const { readSync } = fs;
     if (/child\\.cjs$/.test(process.argv[1])) fs.readSync = (descriptor, bytes, ...rest) => {
       const count = readSync(descriptor, bytes, ...rest);
       const text = Buffer.from(bytes).toString("latin1");
       // A model of constants has no Add.
       if (text.includes("crash_here") && !text.includes("Add")) process.abort();
       return count;
     };`,
  );
  env = { NODE_OPTIONS: `--require ${JSON.stringify(at("crash.cjs"))}` };
  await writeModel(at("crash_here.onnx"), CONV_BN);
  await writeModel(at("folded.onnx"), FOLDED);
  await writeModel(at("forever.onnx"), FOREVER);
  await writeModel(at("growing.onnx"), GROWING);
  await writeModel(at("hidden.onnx"), HIDDEN);
});

describe("a model on which onnxruntime crashes", () => {
  test("is unchecked, in one line; --no-check writes the result", async () => {
    const before = filesIn(cwd);
    const result = await normfold(["optimize", "crash_here.onnx", "-o", "never.onnx"], { cwd, env });
    expectFailure(
      result,
      4,
      /crash_here\.onnx: unchecked: onnxruntime cannot load the model: it crashes \(SIGABRT\); nothing was written, --no-check writes it$/m,
    );
    expect(filesIn(cwd)).toEqual(before);
    const written = await normfold(["optimize", "crash_here.onnx", "-o", "a.onnx", "--no-check"], {
      cwd,
      env,
    });
    expect([written.code, written.stderr]).toEqual([0, ""]);
    expectError(
      await normfold(["optimize", "crash_here.onnx", "-o", "never.onnx", "--json"], { cwd, env }),
      4,
      "outputs-are-unchecked",
    );
  });

  test("loses only the constants that crash it, by name", async () => {
    const result = await normfold(["optimize", "folded.onnx", "-o", "b.onnx", "--json"], { cwd, env });
    expect([result.stderr, result.code]).toEqual(["", 0]);
    const [{ report, peakMemoryBytes }] = JSON.parse(result.stdout).runs;
    expect(Math.min(peakMemoryBytes.normfold, peakMemoryBytes.onnxruntime)).toBeGreaterThan(2 ** 24);
    expect(report.check.status).toBe("equal");
    expect(report.after.operators).toMatchObject({ Sin: 1 });
    expect(report.after.operators.Exp).toBeUndefined();
    expect(report.refusals).toContainEqual(
      expect.objectContaining({
        pass: "fold-constants",
        id: "runtime-cannot-compute",
        node: 'Sin "crash_here"',
        reason: expect.stringContaining("it crashes"),
      }),
    );
  });

  test("check says so with exit 4", async () => {
    await writeModel(at("other.onnx"), CONV_BN);
    await writeModel(
      at("crash_here_too.onnx"),
      CONV_BN.replace("c = Conv", "crash_here = Conv").replace("(c,", "(crash_here,"),
    );
    for (const models of [
      ["crash_here_too.onnx", "other.onnx"],
      ["other.onnx", "crash_here_too.onnx"],
    ]) {
      const result = await normfold(["check", ...models], { cwd, env });
      expect(result.code).toBe(4);
      expect(result.stdout).toContain("it crashes");
    }
  });
});

describe("limits", () => {
  test("--timeout ends a run that never returns", async () => {
    const result = await normfold(
      ["optimize", "forever.onnx", "-o", "never.onnx", "--opset", "18", "--timeout", "0.5"],
      {
        cwd,
      },
    );
    expectFailure(
      result,
      4,
      /cannot run the model within 0\.5 seconds; --timeout gives it more; nothing was written/,
    );
  });

  test("--memory-limit is held against what a run takes at least, before it is tried", async () => {
    const result = await normfold(
      ["optimize", "growing.onnx", "-o", "never.onnx", "--memory-limit", "300MiB"],
      { cwd },
    );
    expectFailure(result, 4, /a run needs at least 1\.5 GiB of memory, more than the limit of 300 MiB/);
  });

  test("--memory-limit ends a run whose sizes only the run tells", async () => {
    const result = await normfold(
      ["optimize", "hidden.onnx", "-o", "never.onnx", "--memory-limit", "300MiB"],
      { cwd },
    );
    expectFailure(result, 4, /cannot run the model within 300 MiB of memory; --memory-limit gives it more/);
  });

  test.each([
    ["--timeout", "0", /--timeout/],
    ["--memory-limit", "-1", /--memory-limit/],
  ])("%s %s is wrong usage", async (flag, value, message) => {
    expectFailure(
      await normfold(["optimize", "forever.onnx", "-o", "n.onnx", flag, value], { cwd }),
      2,
      message,
    );
  });

  test("have no effect with --isolation none, which gives the same result", async () => {
    const none = ["optimize", "folded.onnx", "-o", "c.onnx", "--isolation", "none"];
    expectFailure(
      await normfold([...none, "--timeout", "3"], { cwd }),
      2,
      /--timeout has no effect with --isolation none/,
    );
    expect((await normfold([...none, "-q"], { cwd })).code).toBe(0);
  });
});
