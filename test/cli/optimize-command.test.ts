import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { loadModel } from "../../src/index.js";
import {
  CONV_BN,
  CUSTOM,
  expectFailure,
  expectNarrow,
  filesIn,
  normfold,
  RUNTIME_BN,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

beforeAll(async () => {
  await writeModel(at("bn.onnx"), CONV_BN);
  await writeModel(at("runtime.onnx"), RUNTIME_BN);
  await writeModel(at("custom.onnx"), CUSTOM);
});

async function operators(path: string): Promise<string[]> {
  return [...(await loadModel(path)).nodes()].map((node) => node.opType);
}

describe("normfold optimize", () => {
  test("folds, proves, writes, and says so in 80 columns", async () => {
    const { code, stdout, stderr } = await normfold(["optimize", "bn.onnx", "-o", "out.onnx"], { cwd });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(await operators(at("out.onnx"))).toEqual(["Conv", "Relu"]);
    expectNarrow(stdout);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^bn\.onnx -> out\.onnx\n/);
    expect(stdout).toMatch(/nodes +3 +2 +-33%/);
    expect(stdout).toMatch(/BatchNormalization +1 +0/);
    expect(stdout).toMatch(/parameters +\d+/);
    expect(stdout).toMatch(/file size +\d+ B +\d+ B/);
    expect(stdout).toMatch(/1 {2}fold-affine-up/);
    expect(stdout).toMatch(/check {2}equal in onnxruntime [\d.]+, 3 runs/);
    expect(stdout).toMatch(/output +max abs +max rel +ULP/);
    expect(stdout).toMatch(/time {2}read .*check .*rewrite .*write .*total/);
    expect(stdout).toContain(`wrote out.onnx ${statSync(at("out.onnx")).size} B`);
  });

  test("says which BatchNormalization stays and why; --explain lists all", async () => {
    const short = await normfold(["optimize", "runtime.onnx", "-o", "stays.onnx"], { cwd });
    expect(short.code).toBe(0);
    expectNarrow(short.stdout);
    expect(short.stdout).toMatch(/not folded {2}1 BatchNormalization\n/);
    expect(short.stdout).toMatch(/ 1 {2}BatchNormalization "y"\n {6}.*mean "mean" is a graph input/);
    const long = await normfold(["optimize", "runtime.onnx", "-o", "stays.onnx", "--explain"], { cwd });
    expectNarrow(long.stdout);
    expect(long.stdout).toMatch(/left alone {2}\d+\n {2}[a-z-]+ {2}\d+\n {4}\w.* \([a-z-]+\)\n {6}\S/);
    expect(long.stdout).toMatch(/eliminate-identity\n {4}Identity "i" is an identity and is removed/);
  });

  test("--json is one document, and says the same", async () => {
    const { code, stdout, stderr } = await normfold(["optimize", "bn.onnx", "-o", "json.onnx", "--json"], {
      cwd,
    });
    expect([code, stderr]).toEqual([0, ""]);
    const { runs, ...envelope } = JSON.parse(stdout);
    expect(envelope).toEqual({
      schemaVersion: 1,
      program: { name: "normfold", version: manifest.version },
      command: "optimize",
      exitCode: 0,
    });
    expect(runs).toHaveLength(1);
    const [document] = runs;
    const recordOf = (path: string) => {
      const bytes = readFileSync(at(path));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { path, bytes: bytes.length, sha256 };
    };
    for (const [files, path] of [
      [document.input, "bn.onnx"],
      [document.output, "json.onnx"],
    ])
      expect(files).toEqual({ ...recordOf(path), files: [recordOf(path)] });
    for (const seconds of Object.values(document.secondsByStage)) expect(seconds).toBeLessThan(60);
    expect(Object.keys(document.secondsByStage).sort()).toEqual(["check", "read", "rewrite", "write"]);
    expect(document.report.before.batchNormalizations).toBe(1);
    expect(document.report.after.batchNormalizations).toBe(0);
    expect(document.report.check.status).toBe("equal");
    for (const { id } of document.report.refusals) expect(id).toMatch(/^[a-z][a-z-]+$/);
    expect(document.report.check.sets).toHaveLength(3);
  });

  test("--quiet says nothing", async () => {
    const { code, stdout, stderr } = await normfold(["optimize", "bn.onnx", "-o", "quiet.onnx", "-q"], {
      cwd,
    });
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect(await operators(at("quiet.onnx"))).toEqual(["Conv", "Relu"]);
  });

  test("--no-check writes unproven, and says so", async () => {
    const { code, stdout } = await normfold(["optimize", "bn.onnx", "-o", "fast.onnx", "--no-check"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/unchecked .*--no-check/);
    expect(stdout).not.toMatch(/time .*check/);
    expect(await operators(at("fast.onnx"))).toEqual(["Conv", "Relu"]);
  });

  test("a model that onnxruntime cannot run is written only with --no-check", async () => {
    const before = filesIn(cwd);
    const checked = await normfold(["optimize", "custom.onnx", "-o", "warp.onnx"], { cwd });
    expectFailure(checked, 4, /custom\.onnx: unchecked: .*--no-check/);
    expect(filesIn(cwd)).toEqual(before);
    const unchecked = await normfold(["optimize", "custom.onnx", "-o", "warp.onnx", "--no-check"], { cwd });
    expect(unchecked.code).toBe(0);
    expect(await operators(at("warp.onnx"))).toEqual(["Warp"]);
  });

  test("--pass and --skip choose passes", async () => {
    await normfold(
      ["optimize", "bn.onnx", "-o", "skip.onnx", "--skip", "fold-affine-up,fold-affine-down,compose-affine"],
      {
        cwd,
      },
    );
    expect(await operators(at("skip.onnx"))).toContain("BatchNormalization");
    const only = ["--pass", "eliminate-identity", "--pass", "eliminate-dead", "--json"];
    const { stdout } = await normfold(["optimize", "runtime.onnx", "-o", "only.onnx", ...only], { cwd });
    const passes = JSON.parse(stdout).runs[0].report.rewrites.map(({ pass }: { pass: string }) => pass);
    expect(new Set(passes)).toEqual(new Set(["eliminate-identity"]));
  });

  test("--input-shape and --seed make the inputs", async () => {
    const flags = ["--input-shape", "x:2,2,7,5", "--seed", "42", "--json"];
    const { code, stdout } = await normfold(["optimize", "bn.onnx", "-o", "shape.onnx", ...flags], { cwd });
    expect(code).toBe(0);
    const { seed, sets } = JSON.parse(stdout).runs[0].report.check;
    expect(seed).toBe(42);
    for (const set of sets) expect(set.inputs[0].dims).toEqual([2, 2, 7, 5]);
  });

  test("--external-data puts tensors beside, and the sizes count them", async () => {
    const flags = ["--external-data", "16", "--json"];
    const { code, stdout } = await normfold(["optimize", "bn.onnx", "-o", "split.onnx", ...flags], { cwd });
    expect(code).toBe(0);
    const [{ output }] = JSON.parse(stdout).runs;
    expect(output.files).toHaveLength(2);
    expect(output.bytes).toBe(output.files[0].bytes + output.files[1].bytes);
    // When the result is optimized again, the sizes of input and output include the data file.
    const again = await normfold(["optimize", "split.onnx", "-o", "split2.onnx", "--json"], { cwd });
    expect(again.code).toBe(0);
    const [second] = JSON.parse(again.stdout).runs;
    expect(second.input.bytes).toBe(output.bytes);
    expect(second.output.bytes).toBeGreaterThanOrEqual(output.files[1].bytes);
  });

  test("--in-place writes over the input", async () => {
    await writeModel(at("here.onnx"), CONV_BN);
    const { code } = await normfold(["optimize", "here.onnx", "--in-place", "-q"], { cwd });
    expect(code).toBe(0);
    expect(await operators(at("here.onnx"))).toEqual(["Conv", "Relu"]);
    expect(filesIn(cwd).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test("the same input gives the same bytes", async () => {
    await normfold(["optimize", "bn.onnx", "-o", "one.onnx", "-q"], { cwd });
    await normfold(["optimize", "bn.onnx", "-o", "two.onnx", "-q", "--no-check"], { cwd });
    expect(readFileSync(at("two.onnx")).equals(readFileSync(at("one.onnx")))).toBe(true);
  });

  test("a text is checked as a model in binary form is", async () => {
    writeFileSync(at("bn.txt"), CONV_BN);
    const { code, stdout } = await normfold(["optimize", "bn.txt", "-o", "from-text.onnx"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^check +equal/m);
  });
});
