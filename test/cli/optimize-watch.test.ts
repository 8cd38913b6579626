import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import {
  BIN,
  CONV_BN,
  CONV_BN_CHANGED,
  expectFailure,
  filesIn,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));

/** Waits for a condition; a test that waits for ever fails by its own limit. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

it("optimizes again what changes, and nothing else, until it is interrupted", {
  timeout: 120_000,
}, async () => {
  const cwd = temporaryFolder();
  const scratch = join(cwd, "tmp");
  mkdirSync(join(cwd, "models"));
  mkdirSync(scratch);
  await writeModel(join(cwd, "models/a.onnx"), CONV_BN);
  await writeModel(join(cwd, "models/b.onnx"), CONV_BN);
  const config = join(cwd, "normfold.config.json");
  writeFileSync(config, '{ "inputs": "models", "outDir": "models/out" }');
  const run = spawn(process.execPath, [BIN, "optimize", "--watch"], {
    cwd,
    env: { ...process.env, TMPDIR: scratch },
  });
  child = run;
  let [said, failed] = ["", ""];
  run.stdout.on("data", (text: Buffer) => {
    said += String(text);
  });
  run.stderr.on("data", (text: Buffer) => {
    failed += String(text);
  });
  const waits = (times: number): boolean => said.split("waiting for changes").length > times;

  await until(() => waits(1));
  expect(said).toContain("2 models: 2 optimized");
  const [a, b] = ["a", "b"].map((name) => join(cwd, `models/out/${name}.onnx`));
  const before = readFileSync(a ?? "");

  said = "";
  await writeModel(join(cwd, "models/a.onnx"), CONV_BN_CHANGED);
  await until(() => waits(1));
  expect(readFileSync(a ?? "")).not.toEqual(before);
  expect(said).toMatch(/^a\.onnx/m);
  expect(said).not.toMatch(/^b\.onnx/m);
  expect(said).toContain("1 of them from the cache");

  said = "";
  writeFileSync(config, '{ "inputs": "models", "outdir": "models/out" }');
  await until(() => waits(1));
  expect(failed).toContain('there is no outdir; did you mean "outDir"?');

  said = "";
  writeFileSync(
    config,
    '{ "inputs": "models", "outDir": "models/out", "options": { "skip": ["fold-affine-up"] } }',
  );
  await until(() => waits(1));
  expect(said).toMatch(/^b\.onnx +3 -> 3/m);

  said = "";
  await writeModel(join(cwd, "models/c.onnx"), CONV_BN);
  rmSync(join(cwd, "models/a.onnx"));
  await until(() => existsSync(join(cwd, "models/out/c.onnx")) && waits(1));
  expect(existsSync(b ?? "")).toBe(true);

  const end = new Promise((resolve) => run.once("exit", resolve));
  run.kill("SIGINT");
  expect(await end).toBe(130);
  expect(filesIn(scratch)).toEqual([]);
});

it.each(["--in-place", "--json"])("is refused with %s", async (flag) => {
  const cwd = temporaryFolder();
  await writeModel(join(cwd, "a.onnx"), CONV_BN);
  const place = flag === "--json" ? ["-o", "o.onnx"] : [];
  const result = await normfold(["optimize", "a.onnx", ...place, "--watch", flag], { cwd });
  if (flag === "--json") expect(result.stdout).toContain("option-has-no-effect");
  else expectFailure(result, 2, /--watch has no effect with --in-place/);
});
