import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CONV_BN,
  CONV_BN_CHANGED,
  CUSTOM,
  expectError,
  expectNarrow,
  normfold,
  RUNTIME_BN,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();
const MNIST = fileURLToPath(new URL("../../../shared/models/real/mnist-8", import.meta.url));

beforeAll(async () => {
  const at = (name: string): string => join(cwd, name);
  await writeModel(at("bn.onnx"), CONV_BN);
  await writeModel(at("same.onnx"), CONV_BN);
  await writeModel(at("changed.onnx"), CONV_BN_CHANGED);
  await writeModel(at("runtime.onnx"), RUNTIME_BN);
  await writeModel(at("custom.onnx"), CUSTOM);
  await writeModel(at("custom2.onnx"), CUSTOM);
});

describe("normfold check", () => {
  test("equal models: exit 0 and a table per output", async () => {
    const { code, stdout, stderr } = await normfold(["check", "bn.onnx", "same.onnx"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout).toMatch(/check {2}equal in onnxruntime/);
    expect(stdout).toMatch(/output +max abs +max rel +ULP +cosine +top class +allowed/);
    expect(stdout).toMatch(/\n {2}y +0 +0 +0 +1\.000000 +0\n/);
  });

  test("different models: exit 1, the output and how far", async () => {
    const { code, stdout } = await normfold(["check", "bn.onnx", "changed.onnx"], { cwd });
    expect(code).toBe(1);
    expectNarrow(stdout);
    expect(stdout).toMatch(/check {2}differs/);
    expect(stdout).toMatch(/output "y" on .* differ by up to/);
    const quiet = await normfold(["check", "bn.onnx", "changed.onnx", "--quiet"], { cwd });
    expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([1, "", ""]);
  });

  test("--json is one document for both verdicts", async () => {
    for (const [other, status, exit] of [
      ["same.onnx", "equal", 0],
      ["changed.onnx", "differs", 1],
    ] as const) {
      const { code, stdout, stderr } = await normfold(["check", "bn.onnx", other, "--json"], { cwd });
      expect([code, stderr]).toEqual([exit, ""]);
      expect(JSON.parse(stdout).check.status).toBe(status);
    }
  });

  test("models that cannot be run are unchecked: exit 4", async () => {
    const { code, stdout } = await normfold(["check", "custom.onnx", "custom2.onnx"], { cwd });
    expect(code).toBe(4);
    expectNarrow(stdout);
    expect(stdout).toMatch(/check {2}unchecked/);
  });

  test("models with other inputs, and one file twice, are wrong usage", async () => {
    const other = await normfold(["check", "bn.onnx", "runtime.onnx", "--json"], { cwd });
    expectError(other, 2, "inputs-differ", /runtime\.onnx: input "mean"/);
    const twice = await normfold(["check", "bn.onnx", "./bn.onnx", "--json"], { cwd });
    expectError(twice, 2, "models-are-one-file");
  });

  test("one model may come from standard input", async () => {
    const { readFile } = await import("node:fs/promises");
    const input = await readFile(join(cwd, "bn.onnx"));
    const { code } = await normfold(["check", "-", "same.onnx"], { cwd, input });
    expect(code).toBe(0);
  });

  test.skipIf(!existsSync(MNIST))(
    "the test data beside the first model is used (needs ../shared)",
    async () => {
      cpSync(MNIST, join(cwd, "mnist"), { recursive: true });
      const optimized = await normfold(["optimize", "mnist/model.onnx", "-o", "mnist/out.onnx", "-q"], {
        cwd,
      });
      expect(optimized.code).toBe(0);
      const { code, stdout } = await normfold(["check", "mnist/model.onnx", "mnist/out.onnx", "--json"], {
        cwd,
      });
      expect(code).toBe(0);
      expect(
        JSON.parse(stdout).check.sets.every(({ stored }: { stored: object[] }) => stored.length === 1),
      ).toBe(true);
      const names = JSON.parse(stdout).check.sets.map(({ name }: { name: string }) => name);
      expect(names).toEqual(["test_data_set_0", "test_data_set_1", "test_data_set_2"]);
      const data = ["--data", "mnist/test_data_set_1", "--json"];
      const one = await normfold(["check", "mnist/model.onnx", "mnist/out.onnx", ...data], { cwd });
      expect(JSON.parse(one.stdout).check.sets).toHaveLength(1);
      const flags = ["--check-inputs", "mnist/test_data_set_0", "--in-place", "--json"];
      const proven = await normfold(["optimize", "mnist/out.onnx", ...flags], { cwd });
      expect(JSON.parse(proven.stdout).report.check.sets).toHaveLength(1);
    },
  );
});
