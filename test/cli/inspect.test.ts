import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PASSES, parse, print, saveModel } from "../../src/index.js";
import { CONV_BN, expectNarrow, normfold, RUNTIME_BN, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();

beforeAll(async () => {
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
  await writeModel(join(cwd, "runtime.onnx"), RUNTIME_BN);
  await saveModel(parse(CONV_BN), join(cwd, "lost.onnx"), { externalData: { threshold: 8 } });
  rmSync(join(cwd, "lost.onnx.data"));
});

describe("normfold inspect", () => {
  test("says what is in the model", async () => {
    const { code, stdout } = await normfold(["inspect", "bn.onnx"], { cwd });
    expect(code).toBe(0);
    expectNarrow(stdout);
    expect(stdout).toMatch(/graph +main/);
    expect(stdout).toMatch(/IR version +8/);
    expect(stdout).toMatch(/opsets +ai\.onnx 17/);
    expect(stdout).toMatch(/producer +test/);
    expect(stdout).toMatch(/inputs +x +float\[N,2,H,5\]/);
    expect(stdout).toMatch(/outputs +y +float\[N,3,H,5\]/);
    expect(stdout).toMatch(/author +a test/);
    expect(stdout).toMatch(/operators {2}3/);
    expect(stdout).toMatch(/parameters {2}21, 84 B in 6 initializers/);
    expect(stdout).toMatch(/W +float\[3,2,1,1\] +24 B/);
    expect(stdout).toMatch(/1 {2}Conv > BN > Relu +n/);
  });

  test("--json has it all", async () => {
    const { stdout } = await normfold(["inspect", "runtime.onnx", "--json"], { cwd });
    const document = JSON.parse(stdout);
    expect(document.opsets).toEqual([{ domain: "ai.onnx", version: 17 }]);
    expect(document.inputs).toEqual([
      { name: "x", type: "float[N,2,4,5]", optional: false },
      { name: "mean", type: "float[3]", optional: false },
    ]);
    expect(document.summary.operators).toEqual({ BatchNormalization: 1, Conv: 1, Identity: 1 });
    expect(document.normalizations).toEqual([{ node: "y", before: "Identity", after: ["output"] }]);
  });

  test("works without the external data, and says that it is missing", async () => {
    const { code, stdout } = await normfold(["inspect", "lost.onnx"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/lost\.onnx\.data +6 tensors +84 B +missing/);
  });
});

describe("normfold print", () => {
  test("prints ONNX text that can be read again", async () => {
    const { code, stdout } = await normfold(["print", "bn.onnx", "--max-elements", "all"], { cwd });
    expect(code).toBe(0);
    expect(print(parse(stdout))).toBe(print(parse(CONV_BN)));
    const short = await normfold(["print", "bn.onnx", "--max-elements", "2"], { cwd });
    expect(short.stdout).toContain("{...}");
  });
});

describe("normfold passes", () => {
  test("lists every pass in order", async () => {
    const { code, stdout } = await normfold(["passes"], { cwd });
    expect(code).toBe(0);
    expectNarrow(stdout);
    const listed = stdout.split("\n").filter((line) => /^\w/.test(line));
    expect(listed).toEqual(PASSES.map(({ name, numerics }) => `${name}  ${numerics}`));
    const json = await normfold(["passes", "--json"], { cwd });
    expect(JSON.parse(json.stdout).passes.map(({ name }: { name: string }) => name)).toEqual(
      PASSES.map(({ name }) => name),
    );
  });
});

describe("help and version", () => {
  test("--help fits on one screen, and documents the exit codes", async () => {
    const { code, stdout, stderr } = await normfold(["--help"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 2 .* 3 .* 4 .*\n5 .* 70 .* 130 /);
  });

  test.each([["optimize"], ["check"], ["inspect"], ["print"], ["passes"]])(
    "--help %s documents the exit codes in 80 columns",
    async (...command) => {
      const { code, stdout, stderr } = await normfold([...command, "--help"], { cwd });
      expect([code, stderr]).toEqual([0, ""]);
      expectNarrow(stdout);
      expect(stdout).toContain(`Usage: ${["normfold", ...command].join(" ")}`);
      expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 /);
    },
  );

  test("--version is the package's", async () => {
    const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
    expect((await normfold(["--version"])).stdout).toBe(`${manifest.version}\n`);
  });
});
