import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONV_BN, expectFailure, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();

test.each([
  ["behind the command", ["optimize", "bn.onnx", "-o", "a.onnx", "-v"], /there is no option "-v"/],
  [
    "before it",
    ["-v", "optimize", "bn.onnx", "-o", "a.onnx"],
    /"-v" prints the version and does nothing else/,
  ],
  ["in full", ["--version", "inspect", "bn.onnx"], /"--version" prints the version/],
  ["before a name that is none", ["--version", "optimise"], /"--version" prints the version/],
])("-v %s is refused, and never taken for the work", async (_, args, message) => {
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
  expectFailure(await normfold(args, { cwd }), 2, message);
  expect(readdirSync(cwd)).toEqual(["bn.onnx"]);
});
