import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  BIN,
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
const root = fileURLToPath(new URL("../..", import.meta.url));
const MEASURED = /latency +\S+ [µm]s/;

beforeAll(async () => {
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
  await writeModel(join(cwd, "same.onnx"), CONV_BN);
  await writeModel(
    join(cwd, "open.onnx"),
    '<ir_version: 8, opset_import: ["" : 17]> g (float[batch,4] x) => (y) <float[4,2] w = {1,2,3,4,5,6,7,8}> { a = MatMul (x, w)  y = Relu (a) }',
  );
  copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_bn.onnx"), join(cwd, "model.onnx"));
  copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_bn.onnx"), join(cwd, "folded.onnx"));
});

describe("normfold profile", () => {
  test("one model: a table by operator, and what was measured", async () => {
    const { code, stdout, stderr } = await normfold(["profile", "bn.onnx", "--duration", "0"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout).toMatch(/operator +nodes +multiply-adds +other +parameters +writes\nConv +1/);
    expect(stdout).toMatch(MEASURED);
    expect(stdout).toMatch(/executed +\d+ nodes?: /);
    expect(stdout).toMatch(/measured in onnxruntime \S+, cpu, 1 thread, level all; 1 round/);
  });

  test("two models side by side, and a run of optimize the same way", async () => {
    const { code, stdout } = await normfold(["profile", "bn.onnx", "same.onnx", "--duration", "0"], { cwd });
    expect(code).toBe(0);
    expectNarrow(stdout);
    expect(stdout).toMatch(
      /multiply-adds.*\n.*other operations.*\n.*parameters.*\n.*peak memory.*\n.*nodes.*\n.*latency/,
    );
    const run = await normfold(["optimize", "bn.onnx", "-o", "out.onnx", "--time", "--json"], { cwd });
    const [{ profile }] = JSON.parse(run.stdout).runs;
    expect(profile.models.map((model: { nodes: number }) => model.nodes)).toEqual([3, 2]);
    expect(profile.ratio.median).toBeGreaterThan(0);
  });

  test("a result is written, whatever comes of measuring it", async () => {
    await writeModel(join(cwd, "custom.onnx"), CUSTOM);
    const flags = ["optimize", "custom.onnx", "-o", "custom-out.onnx", "--no-check", "--time"];
    const { code, stdout } = await normfold(flags, { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /not measured {2}onnxruntime cannot load the model: .*\n(?:.*\n)*wrote custom-out\.onnx/,
    );
  });

  test("open sizes are given, tried or said", async () => {
    const count = async (...flags: string[]): Promise<unknown> =>
      JSON.parse((await normfold(["profile", "open.onnx", "--json", ...flags], { cwd })).stdout);
    expect(await count("--no-latency", "--input-shape", "x:7,4")).toMatchObject({
      inputs: [{ name: "x", dims: [7, 4] }],
      models: [{ count: { multiplyAdds: 56, others: 14, uncounted: [] }, peakMemory: { bytes: 168 } }],
    });
    expect(await count("--no-latency")).toMatchObject({
      inputs: [{ dims: ["batch", 4] }],
      models: [{ count: { multiplyAdds: 0, uncounted: [{ operator: "MatMul", reason: "size" }, {}] } }],
    });
    expect(await count("--duration", "0")).toMatchObject({ inputs: [{ dims: [1, 4] }], run: { threads: 1 } });
  });

  test("a provider that is not there is one line with those that are", async () => {
    const result = await normfold(["profile", "bn.onnx", "--provider", "nowhere", "--json"], { cwd });
    expectError(result, 4, "provider-is-absent", /no provider "nowhere" here; it has cpu/);
    expectError(
      await normfold(["profile", "bn.onnx", "bn.onnx", "--json"], { cwd }),
      2,
      "models-are-one-file",
    );
  });

  test("the examples of its page run as they stand, and leave nothing behind", () => {
    const page = readFileSync(join(root, "docs/profile.md"), "utf8");
    const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
      block.trim().split("\n"),
    );
    expect(lines.length).toBeGreaterThan(4);
    const [bin, temporary] = [join(cwd, "bin"), join(cwd, "tmp")];
    mkdirSync(bin);
    mkdirSync(temporary);
    symlinkSync(BIN, join(bin, "normfold"));
    // Measured for a moment only.
    const short = lines.map((line) =>
      /--no-latency|optimize/.test(line) ? line : line.replace(".onnx", ".onnx --duration 0"),
    );
    writeFileSync(join(cwd, "page.sh"), `set -e\n${short.join("\n")}\n`);
    const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, TMPDIR: temporary };
    const { status, stderr, stdout } = spawnSync("sh", ["page.sh"], { cwd, env, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(MEASURED);
    expect(filesIn(temporary)).toEqual([]);
  });
});
