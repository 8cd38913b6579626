import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import { expectError, expectNarrow, filesIn, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

const PLAIN = `<ir_version: 8, opset_import: ["" : 17]>
plain (float[N,2,5,5] x) => (float[N,3] y)
<float[4,2,3,3] w = {${Array.from({ length: 72 }, (_, i) => Math.sin(i).toFixed(3)).join(", ")}},
 float[4] b = {0.5, -1, 2, 0.25}, float[4,3] v = {1, 2, 3, -1, 0, 1, 2, -2, 1, 0.5, 1, 1}, float[3] c = {1, 0, -1}> {
  u = Conv(x, w, b)  h = Relu(u)  p = GlobalAveragePool(h)  f = Flatten(p)  y = Gemm(f, v, c)
}`;

beforeAll(async () => {
  await writeModel(at("plain.onnx"), PLAIN);
  writeFileSync(
    at("data.mjs"),
    `export default function* () {
       for (let i = 0; i < 40; i++) {
         const data = Float32Array.from({ length: 50 }, (_, k) => Math.sin(i * 50 + k * 1.7) * 2 + 1);
         yield { x: { dims: [2, 5, 5], data }, labels: i % 3 };
       }
     }`,
  );
  writeFileSync(
    at("nan.mjs"),
    "export default [{ x: { dims: [2, 5, 5], data: new Float32Array(50).fill(NaN) } }];",
  );
  writeFileSync(at("few.mjs"), "export default [{ x: { dims: [2, 5, 5], data: new Float32Array(50) } }];");
});

async function operators(name: string): Promise<string[]> {
  return [...(await loadModel(at(name))).nodes()].map((node) => node.opType);
}

describe("the round trip", () => {
  test("insert proves that nothing changed; calibrate, freeze and optimize lead back to the plain network", async () => {
    const args = ["insert", "plain.onnx", "-o", "bn.onnx", "--data", "data.mjs", "--reference"];
    const inserted = await normfold(args, { cwd });
    expect([inserted.code, inserted.stderr]).toEqual([0, ""]);
    expectNarrow(inserted.stdout);
    expect(inserted.stdout).toMatch(/1 BatchNormalization went in: init identity, form inference/);
    expect(inserted.stdout).toMatch(/statistics of 40 samples in 2 batches/);
    expect(inserted.stdout).toMatch(/check {2}equal in onnxruntime/);
    expect(inserted.stdout).toMatch(
      /float64 {2}distance.*\n.*original +result\n {2}the first samples +y +\d/,
    );
    expect(await operators("bn.onnx")).toContain("BatchNormalization");

    const calibrated = await normfold(
      ["calibrate", "bn.onnx", "-o", "cal.onnx", "--data", "data.mjs", "--batch", "20"],
      {
        cwd,
      },
    );
    expect([calibrated.code, calibrated.stderr]).toEqual([0, ""]);
    expectNarrow(calibrated.stdout);
    expect(calibrated.stdout).toMatch(/method paper: 40 samples in 2 batches of 20/);
    expect(calibrated.stdout).toMatch(/accuracy \d+\.\d\d % -> \d+\.\d\d %/);

    const optimized = await normfold(["optimize", "bn.onnx", "-o", "small.onnx", "-q"], { cwd });
    expect(optimized.code).toBe(0);
    const plain = await normfold(["optimize", "plain.onnx", "-o", "plain-small.onnx", "-q"], { cwd });
    expect(plain.code).toBe(0);
    expect(await operators("small.onnx")).toEqual(await operators("plain-small.onnx"));
  });

  test("the training form has statistics as outputs, which freeze takes away", async () => {
    const args = [
      "insert",
      "plain.onnx",
      "-o",
      "train.onnx",
      "--init",
      "fresh",
      "--form",
      "training",
      "--json",
    ];
    const inserted = await normfold(args, { cwd });
    expect(inserted.code).toBe(0);
    expect(JSON.parse(inserted.stdout)).toMatchObject({
      report: { init: "fresh", form: "training", samples: 0 },
    });
    expect((await loadModel(at("train.onnx"))).graph.outputs).toHaveLength(3);
    const frozen = await normfold(["freeze", "train.onnx", "-o", "frozen.onnx"], { cwd });
    expect(frozen.code).toBe(0);
    expectNarrow(frozen.stdout);
    expect((await loadModel(at("frozen.onnx"))).graph.outputs.map(({ name }) => name)).toEqual(["y"]);
  });

  test("a dry run lists the sites and writes nothing", async () => {
    const { code, stdout } = await normfold(["insert", "plain.onnx", "--dry-run"], { cwd: at(".") });
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 BatchNormalization would go in/);
    expect(stdout).toMatch(/Conv +Relu +4/);
  });
});

describe("arguments that do not fit", () => {
  test.each<[readonly string[], number, string, RegExp?]>([
    [
      ["insert", "plain.onnx", "-o", "no.onnx"],
      2,
      "identity-needs-data",
      /statistics from data; give data \(--data\)/,
    ],
    [["insert", "plain.onnx", "--data", "data.mjs"], 2, "target-is-missing", /no place to write to/],
    [
      ["insert", "plain.onnx", "-o", "no.onnx", "--data", "nan.mjs"],
      3,
      "sample-is-not-finite",
      /sample 0 of "x" holds NaN/,
    ],
    [["insert", "plain.onnx", "-o", "no.onnx", "--data", "none.npy"], 5, "file-is-not-there", /no such file/],
    [
      ["insert", "plain.onnx", "-o", "no.onnx", "--init", "fresh", "--include", "zz*"],
      2,
      "no-place-for-normalization",
      /no place for a BatchNormalization/,
    ],
    [
      ["calibrate", "plain.onnx", "-o", "no.onnx", "--data", "data.mjs"],
      2,
      "no-normalization-to-calibrate",
      /has no BatchNormalization/,
    ],
    [
      ["calibrate", "bn.onnx", "-o", "no.onnx", "--data", "few.mjs", "--batch", "8"],
      3,
      "data-is-smaller-than-batch",
      /fewer samples than one batch of 8/,
    ],
    [["calibrate", "bn.onnx", "-o", "no.onnx"], 2, "option-is-missing", /--data/],
    [["freeze", "plain.onnx"], 2, "target-is-missing", /no place to write to/],
  ])("%j: one error, nothing written", async (args, code, id, message) => {
    const result = await normfold([...args, "--json"], { cwd });
    expectError(result, code, id, message);
    expect(filesIn(cwd)).not.toContain("no.onnx");
  });
});
