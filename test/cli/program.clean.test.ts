import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { CONV_BN, filesIn, normfold, temporaryFolder, writeModel } from "../support/cli.js";

/** Inputs are here; every command runs in a folder of its own. */
const inputs = temporaryFolder();
const root = temporaryFolder();
const at = (name: string): string => join(inputs, name);

beforeAll(async () => {
  await writeModel(at("bn.onnx"), CONV_BN);
  await writeModel(at("twin.onnx"), CONV_BN);
  await writeModel(
    at("net.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y)
     <float[2,2] w = {1, -2, 0.5, 3}, float[2] s = {1, 1}, float[2] z = {0, 0}, float[2] v = {1, 1}> {
     u = MatMul(x, w)  n = BatchNormalization(u, s, z, z, v)  h = Tanh(n)  y = MatMul(h, w) }`,
  );
  await writeModel(
    at("plain.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y) <float[2,2] w = {1, -2, 0.5, 3}> {
     u = MatMul(x, w)  h = Tanh(u)  y = MatMul(h, w) }`,
  );
  writeFileSync(
    at("data.mjs"),
    "export default function* () { for (let i = 0; i < 64; i++) yield { x: Float32Array.of(Math.sin(i), Math.cos(i)), labels: i % 2 }; }",
  );
});

const COMMANDS: readonly (readonly [line: string, outputs: readonly string[]])[] = [
  ["optimize @bn.onnx -o o.onnx", ["o.onnx"]],
  ["optimize @bn.onnx -o o.onnx --isolation none", ["o.onnx"]],
  ["check @bn.onnx @twin.onnx", []],
  ["insert @plain.onnx -o o.onnx --data @data.mjs", ["o.onnx"]],
  ["train @net.onnx -o o.onnx --data @data.mjs --steps 2 --batch 8 --fold", ["o.onnx"]],
  ["calibrate @net.onnx -o o.onnx --data @data.mjs", ["o.onnx"]],
  ["freeze @net.onnx -o o.onnx", ["o.onnx"]],
  ["prepare @plain.onnx -o o.onnx --recipe batchnorm-paper", ["o.onnx"]],
  ["ensemble @net.onnx @plain.onnx -o o.onnx", ["o.onnx"]],
  ["lower @net.onnx -o o.onnx", ["o.onnx"]],
  ["inspect @bn.onnx", []],
  ["print @bn.onnx", []],
  ["passes", []],
];

describe("a command leaves nothing but its outputs", () => {
  test.each(COMMANDS)("%s", async (line, outputs) => {
    const folder = join(root, line.replaceAll(/\W+/g, "-"));
    const [home, tmp, cwd] = ["home", "tmp", "cwd"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [home, tmp, cwd]) mkdirSync(path, { recursive: true });
    // The variable of whoever runs the tests must not do what normfold is to do.
    vi.stubEnv("ORT_DISABLE_TELEMETRY", undefined);
    const env = { HOME: home, USERPROFILE: home, XDG_CACHE_HOME: home, TMPDIR: tmp, TEMP: tmp, TMP: tmp };
    const args = line.split(" ").map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));
    const { code, stderr } = await normfold(args, { cwd, env });
    expect([stderr, code]).toEqual(["", 0]);
    expect([filesIn(cwd), filesIn(home), filesIn(tmp)]).toEqual([outputs, [], []]);
  });

  test("also where the home folder cannot be used", async () => {
    const folder = join(root, "unusable");
    const [home, tmp, cwd] = ["home", "tmp", "cwd"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [home, tmp, cwd]) mkdirSync(path, { recursive: true });
    chmodSync(home, 0o500);
    for (const HOME of [home, join(folder, "none"), "/dev/null"]) {
      const { code } = await normfold(["optimize", at("bn.onnx"), "-o", "o.onnx"], {
        cwd,
        env: { HOME, TMPDIR: tmp },
      });
      expect([code, filesIn(cwd), filesIn(tmp)]).toEqual([0, ["o.onnx"], []]);
    }
  });
});
