import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import {
  BIN,
  expectError,
  expectFailure,
  expectNarrow,
  filesIn,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

/** Some layers around a BatchNormalization in training form without names for its statistics, on which onnxruntime 1.30 crashes. */
const CRASHES = `<ir_version: 8, opset_import: ["" : 15]> net (float[4,2] x) => (float[4,2] y)
  <float[2] s = {1, 2}, float[2,2] w = {1, 2, 3, 4}> {
    a = MatMul (x, w) b = Relu (a) n, "", "" = BatchNormalization <training_mode = 1> (b, s, s, s, s)
    c = Tanh (n) d = Add (c, b) y = MatMul (d, w) }`;

beforeAll(async () => {
  await writeModel(at("crashes.onnx"), CRASHES);
  await writeModel(
    at("folds.onnx"),
    `<ir_version: 8, opset_import: ["" : 15]> net (float[2] x) => (float[2] y) {
       a = Exp (x) b = Identity (a) c = Tanh (b) y = Neg (c) }`,
  );
  // A program of a user's: it fails on models that hold a Tanh.
  writeFileSync(
    at("run.mjs"),
    `import { readFileSync, appendFileSync } from "node:fs";
     appendFileSync("tries", ".");
     if (readFileSync(process.argv[2]).includes("Tanh")) { console.error("Tanh is not there"); process.exit(7); }`,
  );
});

async function operators(path: string): Promise<string[]> {
  return [...(await loadModel(path)).nodes()].map((node) => node.opType);
}

const RUN = `"${process.execPath}" run.mjs {}`;

describe("normfold reduce", () => {
  test("--run: the model on which the command fails shrinks, and is written as ONNX and as text", async () => {
    const { code, stdout, stderr } = await normfold(
      ["reduce", "crashes.onnx", "-o", "small.onnx", "--run", RUN],
      { cwd },
    );
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout).toMatch(/^crashes\.onnx -> small\.onnx\n/);
    expect(stdout).toMatch(/what goes wrong: exit code 7\n6 -> 1 node, /);
    expect(stdout).toMatch(/wrote small\.onnx \d+ B\n +small\.txt the same as text\n$/);
    expect(await operators(at("small.onnx"))).toEqual(["Tanh"]);
    expect(await operators(at("small.txt"))).toEqual(["Tanh"]);
    expect(readFileSync(at("small.txt"), "utf8")).toContain("y = Tanh(x)");
  });

  test("--predicate, with options of optimize, and --json", async () => {
    const args = [
      "reduce",
      "folds.onnx",
      "-o",
      "folded.onnx",
      "--predicate",
      "pass:eliminate-identity",
      "--json",
    ];
    const { code, stdout, stderr } = await normfold([...args, "--skip", "fuse-gemm"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      report: { status: "done", symptom: "the pass eliminate-identity applies" },
    });
    expect(await operators(at("folded.onnx"))).toContain("Identity");
  });

  test("the example of its page, a native crash, runs and gives what the page says", async () => {
    const page = readFileSync(new URL("../../docs/reduce.md", import.meta.url), "utf8");
    const [, example = ""] = page.split("## An example");
    const [model = "", command = "", printed = "", result = ""] = [
      ...example.matchAll(/```\w*\n([^`]*)```/g),
    ].map(([, text = ""]) => text);
    writeFileSync(at("crashes.txt"), model);
    const { code, stdout } = await normfold(command.trim().split(" ").slice(1), { cwd });
    expect(code).toBe(0);
    const untimed = (text: string): string => text.replace(/\d+ tries in .*/, "");
    expect(untimed(stdout)).toBe(untimed(printed));
    // Which numbers a crash needs may differ from one machine to another.
    const unnumbered = (text: string): string => text.replace(/\{[\d.]+\}/g, "{...}");
    expect(unnumbered(readFileSync(at("small.txt"), "utf8"))).toBe(unnumbered(result));
  });

  test("a model without the fault, a command that does not start, a call without a question: one line, nothing written", async () => {
    const reduce = (...args: string[]): ReturnType<typeof normfold> =>
      normfold(["reduce", "crashes.onnx", "-o", "none.onnx", ...args], { cwd });
    expectFailure(await reduce("--run", "true {}"), 2, /ends with exit code 0 on the whole model/);
    expectFailure(await reduce("--run", "no-such-command {}"), 2, /does not find or start the command/);
    expectFailure(await reduce("--run", "true"), 2, /no place for the model/);
    expectFailure(await reduce(), 2, /give --run or --predicate/);
    expectFailure(
      await reduce("--run", RUN, "--predicate", "crash"),
      2,
      /--run has no effect with --predicate/,
    );
    expectFailure(
      await reduce("--run", RUN, "--skip", "fuse-gemm"),
      2,
      /--skip has no effect without --predicate/,
    );
    expectError(await reduce("--predicate", "pass:fold-affine", "--json"), 2, "unknown-pass");
    expect(filesIn(cwd).filter((name) => name.startsWith("none"))).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("Ctrl-C writes the smallest model so far", async () => {
    // The fifth try waits until it is ended.
    writeFileSync(
      at("slow.mjs"),
      `import { existsSync, readFileSync, writeFileSync } from "node:fs";
       const count = existsSync("count") ? Number(readFileSync("count", "utf8")) : 0;
       writeFileSync("count", String(count + 1));
       if (count === 5) setInterval(() => writeFileSync("waiting", ""), 10);
       else process.exit(readFileSync(process.argv[2]).includes("Tanh") ? 7 : 0);`,
    );
    const run = `"${process.execPath}" slow.mjs {}`;
    const child = spawn(
      process.execPath,
      [BIN, "reduce", "crashes.onnx", "-o", "so-far.onnx", "--run", run],
      { cwd },
    );
    let stdout = "";
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString();
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    for (const end = Date.now() + 60_000; !existsSync(at("waiting")) && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(stdout).toMatch(/stopped: this is the smallest model so far/);
    const left = await operators(at("so-far.onnx"));
    expect(left).toContain("Tanh");
    expect(left.length).toBeLessThan(6);
  });
});
