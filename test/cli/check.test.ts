import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
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
  await writeModel(
    at("classes.onnx"),
    '<ir_version: 8, opset_import: ["" : 17]> g (float[1,3] x) => (float[1,3] y) <float w = {0.5}> { a = Mul (x, w)  y = Add (a, x) }',
  );
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
      expect(JSON.parse(proven.stdout).runs[0].report.check.sets).toHaveLength(1);
    },
  );

  test("bounds that are given decide, and are stated", async () => {
    const wide = await normfold(["check", "bn.onnx", "changed.onnx", "--atol", "1000"], { cwd });
    expect([wide.code, wide.stdout]).toEqual([
      0,
      expect.stringContaining("judged by atol 1000 and rtol 0, as given"),
    ]);
    const narrow = await normfold(["check", "bn.onnx", "changed.onnx", "--rtol", "1e-9", "--json"], { cwd });
    expect(narrow.code).toBe(1);
    expect(JSON.parse(narrow.stdout).check).toMatchObject({
      status: "differs",
      bounds: { atol: 0, rtol: 1e-9 },
    });
  });

  test("--layers names the first value that differs", async () => {
    const { stdout } = await normfold(["check", "bn.onnx", "changed.onnx", "--layers"], { cwd });
    expectNarrow(stdout);
    expect(stdout).toMatch(/layers {2}\d+ values? of both models compared/);
    expect(stdout).toMatch(/first to differ: "\w+" of/);
  });

  test("one file may be compared with itself where it runs in two ways", async () => {
    const web = await normfold(
      ["check", "bn.onnx", "bn.onnx", "--result-provider", "wasm", "--level", "all"],
      { cwd },
    );
    expect([web.code, web.stderr]).toEqual([0, ""]);
    expect(web.stdout).toContain("original on cpu at level all, result on wasm at level all");
    expectError(
      await normfold(["check", "bn.onnx", "bn.onnx", "--level", "all", "--json"], { cwd }),
      2,
      "models-are-one-file",
    );
    const absent = await normfold(["check", "bn.onnx", "same.onnx", "--provider", "tpu", "--json"], { cwd });
    expectError(absent, 4, "provider-is-absent", /no provider "tpu" here; it has cpu/);
  });

  test("the examples of its page run as they stand", async () => {
    for (const name of ["model.onnx", "folded.onnx"]) cpSync(join(cwd, "classes.onnx"), join(cwd, name));
    const x = npy(
      "<f4",
      [4, 3],
      new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => (i * 7) % 5).buffer),
    );
    const labels = npy("<i8", [4], new Uint8Array(BigInt64Array.of(1n, 0n, 2n, 1n).buffer));
    writeFileSync(join(cwd, "samples.npz"), zipSync({ "x.npy": x, "labels.npy": labels }));
    const page = readFileSync(new URL("../../docs/proof.md", import.meta.url), "utf8");
    const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
      block.trim().split("\n"),
    );
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      const [, ...args] = (line.split("#")[0] ?? "").trim().split(/ +/);
      const { code, stdout, stderr } = await normfold(args, { cwd });
      expect([line, code, stderr]).toEqual([line, 0, ""]);
      expectNarrow(stdout);
      if (args.includes("--top-k")) {
        expect(stdout).toMatch(/classes {2}"y" of 4 samples\n {2}same best class +100%/);
        expect(stdout).toMatch(/label is the best of the result +\d+(?:\.\d+)?%/);
      }
    }
  });
});

/** An array in NumPy's format, version 1.0. */
function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`.padEnd(117);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
    Buffer.from(`${header}\n`),
    data,
  ]);
}
