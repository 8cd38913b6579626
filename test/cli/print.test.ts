import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, print } from "../../src/index.js";
import { CONV_BN, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();

beforeAll(async () => {
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
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
