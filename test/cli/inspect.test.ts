import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, saveModel } from "../../src/index.js";
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
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
  await writeModel(join(cwd, "runtime.onnx"), RUNTIME_BN);
  await saveModel(parse(CONV_BN), join(cwd, "lost.onnx"), { externalData: { threshold: 8 } });
  rmSync(join(cwd, "lost.onnx.data"));
});

describe("normfold inspect", () => {
  test("describes the contents of the model", async () => {
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

test.each([["inspect"], ["print"]])("%s refuses a model of too many parts in one line", async (command) => {
  const result = await normfold([command, "bn.onnx", "--model-memory", "4KiB"], { cwd });
  expectFailure(
    result,
    4,
    /bn\.onnx: its nodes, values and attributes take more than .* --model-memory gives it more$/m,
  );
});
