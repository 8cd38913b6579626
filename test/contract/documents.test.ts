import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/options/commands.js";
import { CONV_BN, CONV_BN_CHANGED, CUSTOM, normfold, temporaryFolder, writeModel } from "../support/cli.js";
import { expectDocument } from "../support/documents.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

const NET = `<ir_version: 8, opset_import: ["" : 17]>
net (float[N,2] x) => (float[N,3] p)
<float[2,3] w = {1,-2,3,-4,5,-6}, float[3] g = {1,1,1}, float[3] b = {0,0,0}, float[3] m = {0,0,0}, float[3] s = {1,1,1},
 float[3,3] v = {1,0,0,0,1,0,0,0,1}, float[3] c = {0,0,0}> {
  u = MatMul(x, w)  n = BatchNormalization(u, g, b, m, s)  h = Relu(n)  z = Gemm(h, v, c)  p = Softmax <axis = -1> (z)
}`;

beforeAll(async () => {
  await writeModel(at("bn.onnx"), CONV_BN);
  await writeModel(at("changed.onnx"), CONV_BN_CHANGED);
  await writeModel(at("custom.onnx"), CUSTOM);
  await writeModel(at("net.onnx"), NET);
  await writeModel(
    at("plain.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,3] y)
     <float[2,3] w = {1,2,3,4,5,6}, float[3] b = {1,2,3}> { h = Gemm(x, w, b)  a = Relu(h)  y = Softmax(a) }`,
  );
  await writeModel(
    at("momentum.onnx"),
    `<ir_version: 8, opset_import: ["" : 17, "ai.onnx.preview.training" : 1]>
     g (float r, int64 t, float[2] x, float[2] gx, float[2] v) => (float[2] y, float[2] w) {
       y, w = ai.onnx.preview.training.Momentum <alpha = 0.5, beta = 1.0, mode = "standard", norm_coefficient = 0.0> (r, t, x, gx, v)
     }`,
  );
  writeFileSync(
    at("data.mjs"),
    `export default Array.from({ length: 30 }, (_, i) => ({ x: Float32Array.of(Math.sin(i), Math.cos(3 * i)), labels: i % 3 }));`,
  );
});

/** Runs of each command whose fields differ. */
const RUNS: readonly (readonly [code: number, command: string, ...args: readonly string[]])[] = [
  [0, "optimize", "bn.onnx", "-o", "o.onnx", "--reference"],
  [0, "optimize", "bn.onnx", "-o", "o.onnx", "--no-check"],
  [0, "check", "bn.onnx", "o.onnx"],
  [1, "check", "bn.onnx", "changed.onnx", "--layers"],
  [0, "check", "bn.onnx", "o.onnx", "--atol", "1e-3", "--rtol", "1e-3", "--result-level", "all"],
  [1, "diff", "bn.onnx", "o.onnx"],
  [4, "optimize", "bn.onnx", "custom.onnx", "--out-dir", "many"],
  [0, "optimize", "bn.onnx", "-o", "o.onnx", "--time"],
  [0, "profile", "bn.onnx", "o.onnx"],
  [0, "profile", "bn.onnx", "--no-latency"],
  [0, "reduce", "bn.onnx", "-o", "r.onnx", "--predicate", "pass:fold-affine-up"],
  [0, "inspect", "bn.onnx"],
  [0, "inspect", "net.onnx", "--parameters"],
  [0, "train", "net.onnx", "--list"],
  [0, "passes"],
  [0, "passes", "--operators"],
  [0, "passes", "--gradients"],
  [0, "insert", "plain.onnx", "-o", "i.onnx", "--data", "data.mjs"],
  [0, "insert", "plain.onnx", "--dry-run"],
  [0, "train", "net.onnx", "-o", "t.onnx", "--data", "data.mjs", "--steps", "2", "--batch", "15", "--fold"],
  [0, "calibrate", "net.onnx", "-o", "c.onnx", "--data", "data.mjs", "--batch", "15"],
  [0, "freeze", "net.onnx", "-o", "f.onnx"],
  [0, "prepare", "net.onnx", "-o", "p.onnx", "--recipe", "batchnorm-paper"],
  [0, "lower", "momentum.onnx", "-o", "l.onnx"],
  [0, "ensemble", "net.onnx", "plain.onnx", "-o", "e.onnx"],
  [5, "inspect", "absent.onnx"],
  [2, "optimise"],
];

describe("documents", () => {
  test.each(RUNS.map(([code, ...args]) => [args.join(" "), code, args] as const))(
    "%s",
    async (_, code, args) => {
      const result = await normfold([...args, "--json"], { cwd });
      expect([result.stderr, result.code]).toEqual(["", code]);
      expectDocument(result.stdout);
    },
  );

  test("every command with --json is among them", () => {
    const names = COMMANDS.filter(({ tables }) => tables.some((table) => "json" in table));
    const run = new Set(RUNS.map(([, name]) => name));
    expect(names.map(({ name }) => name).filter((name) => !run.has(name))).toEqual([]);
  });

  test("a field that the schema does not have is noticed, and one that is missing", () => {
    const envelope = { schemaVersion: 1, program: { name: "normfold", version: "1" } };
    const error = { code: "io", id: "x", message: "y", exitCode: 5 };
    expectDocument(JSON.stringify({ ...envelope, error }));
    expect(() => expectDocument(JSON.stringify({ ...envelope, error, more: 1 }))).toThrow(
      "additional properties",
    );
    expect(() => expectDocument(JSON.stringify({ ...envelope, error: { ...error, id: undefined } }))).toThrow(
      "'id'",
    );
  });
});
