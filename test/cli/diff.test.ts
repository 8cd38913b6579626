import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CONV_BN,
  expectFailure,
  expectNarrow,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();

beforeAll(async () => {
  await writeModel(join(cwd, "a.onnx"), CONV_BN);
  await writeModel(join(cwd, "b.onnx"), CONV_BN);
  await normfold(["optimize", "a.onnx", "-o", "folded.onnx", "-q"], { cwd });
});

describe("normfold diff", () => {
  test("ends with 0 and says so where the models are the same", async () => {
    const { code, stdout, stderr } = await normfold(["diff", "a.onnx", "b.onnx"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("diff  same\n");
  });

  test("ends with 1 and names what changed", async () => {
    const { code, stdout } = await normfold(["diff", "a.onnx", "folded.onnx"], { cwd });
    expect(code).toBe(1);
    expectNarrow(stdout);
    expect(stdout).toMatch(/operators\n {2}BatchNormalization +1 +0/);
    expect(stdout).toMatch(/ {2}- BatchNormalization "/);
    expect(await normfold(["diff", "a.onnx", "folded.onnx", "-q"], { cwd })).toMatchObject({
      code: 1,
      stdout: "",
    });
  });

  test("gives the same as JSON", async () => {
    const { code, stdout } = await normfold(["diff", "a.onnx", "-", "--json"], { cwd, input: CONV_BN });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ before: { path: "a.onnx" }, diff: { same: true } });
  });

  test("refuses one file twice, and parts that there are not", async () => {
    expectFailure(await normfold(["diff", "a.onnx", "./a.onnx"], { cwd }), 2, "both models are");
    expectFailure(
      await normfold(["diff", "a.onnx", "b.onnx", "--ignore", "x"], { cwd }),
      2,
      'no part "x" to ignore',
    );
  });
});
