import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel, modelToBytes } from "../../src/index.js";
import { readCheckpoint } from "../../src/node/checkpoint.js";
import {
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
const sines = (count: number): string =>
  Array.from({ length: count }, (_, i) => (Math.sin(i * 7) / 2).toFixed(3)).join(", ");

const NET = `<ir_version: 8, opset_import: ["" : 17]>
net (float[N,2] x) => (float[N,3] p)
<float[2,6] w = {${sines(12)}}, float[6] g = {1,1,1,1,1,1}, float[6] b = {0,0,0,0,0,0}, float[6] m = {0,0,0,0,0,0},
 float[6] s = {1,1,1,1,1,1}, float[6,3] v = {${sines(18)}}, float[3] c = {0,0,0}> {
  u = MatMul(x, w)  n = BatchNormalization(u, g, b, m, s)  h = Tanh(n)  z = Gemm(h, v, c)  p = Softmax <axis = -1> (z)
}`;

/** Three clouds; the label of `odd` is another. */
const samples = (count: number, offset: number, label = "i % 3"): string => `export default function* () {
  for (let i = 0; i < ${count}; i++) {
    const angle = (2 * Math.PI * (i % 3)) / 3, k = i + ${offset};
    yield { x: Float32Array.of(2 * Math.cos(angle) + Math.sin(k * 12.9) / 3, 2 * Math.sin(angle) + Math.cos(k * 78.2) / 3), labels: ${label} };
  }
}`;

const common = ["--data", "data.mjs", "--batch", "15", "--lr", "0.2", "--seed", "4"];

beforeAll(async () => {
  await writeModel(at("net.onnx"), NET);
  await writeModel(
    at("bare.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y) { y = Relu(x) }`,
  );
  await writeModel(
    at("whole.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (int64[N,2] y) { y = Cast <to = 7> (x) }`,
  );
  writeFileSync(at("data.mjs"), samples(90, 0));
  writeFileSync(at("valid.mjs"), samples(45, 1000));
  writeFileSync(at("odd.mjs"), samples(90, 0, "i === 40 ? 7 : i % 3"));
  writeFileSync(
    at("huge.mjs"),
    "export default Array.from({ length: 60 }, () => ({ x: Float32Array.of(3e38, 3e38), labels: 1 }));",
  );
});

describe("normfold train", () => {
  test("learns, compares the sources of statistics, folds, logs", async () => {
    const args = [
      "train",
      "net.onnx",
      "-o",
      "trained.onnx",
      ...common,
      "--epochs",
      "12",
      "--valid",
      "valid.mjs",
    ];
    const { code, stdout, stderr } = await normfold([...args, "--fold", "--log", "run.jsonl"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expectNarrow(stdout);
    expect(stdout).toMatch(/72 steps in 12 rounds/);
    expect(stdout).toMatch(/trained 5 parameters, 45 numbers\n {2}the model/);
    expect(stdout).toMatch(/moving averages +\d\.\d{4} +\d+\.\d\d %/);
    expect(Number(/Algorithm 2 \(kept\) +\S+ +(\S+) %/.exec(stdout)?.[1])).toBeGreaterThan(97);
    expect(stdout).toMatch(/folded: 5 nodes to 4, 1 BatchNormalization to 0, outputs equal/);
    const types = [...(await loadModel(at("trained.onnx"))).nodes()].map(({ opType }) => opType);
    expect(types).toEqual(["Gemm", "Tanh", "Gemm", "Softmax"]);
    const log = readFileSync(at("run.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(log.filter(({ kind }) => kind === "step")).toHaveLength(72);
    expect(log.filter(({ kind }) => kind === "validation")).toHaveLength(12);
  });

  test("parameters that several layers read are named", async () => {
    await writeModel(
      at("tied.onnx"),
      `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,3] y)
       <float[2,2] w = {${sines(4)}}, float[2,3] v = {${sines(6)}}> { a = MatMul(x, w)  h = Tanh(a)  b = MatMul(h, w)  y = MatMul(b, v) }`,
    );
    const { code, stdout } = await normfold(
      ["train", "tied.onnx", "-o", "tied-out.onnx", ...common, "--steps", "2"],
      { cwd },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /trained 2 parameters, 10 numbers\n {2}read in several places, and trained as one \(--untie parts them\): w\n/,
    );
  });

  test("--list says what is trained and why the rest is not, and trains nothing", async () => {
    await writeModel(
      at("listed.onnx"),
      `<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y)
       <float[2] mean = {0.5, 0.25}, float[2,2] w = {${sines(4)}}, float[2] b = {0, 0}> { d = Sub(x, mean)  y = Gemm(d, w, b) }`,
    );
    const text = await normfold(["train", "listed.onnx", "--list"], { cwd });
    expect([text.code, text.stderr]).toEqual([0, ""]);
    expectNarrow(text.stdout);
    expect(text.stdout).toMatch(
      /2 constants trained, 6 numbers[\s\S]* w +2x2 +weight +yes\n +b +2 +bias +no\n/,
    );
    expect(text.stdout).toMatch(
      /1 constant not trained\n {2}mean \(buffer, 2\): Sub .*\n? *applies it to the data/,
    );
    const json = JSON.parse(
      (await normfold(["inspect", "listed.onnx", "--parameters", "--json"], { cwd })).stdout,
    );
    expect(json.constants).toMatchObject([
      { name: "mean", role: "buffer", refusal: { id: "normalizes-data" } },
      { name: "w", role: "weight", decays: true, dims: [2, 2] },
      { name: "b", role: "bias", decays: false },
    ]);
    const asked = await normfold(
      ["train", "listed.onnx", "--list", "--train", "mean", "--freeze", "w,b", "--json"],
      { cwd },
    );
    const trained = (each: { refusal?: object }): boolean => each.refusal === undefined;
    expect(JSON.parse(asked.stdout).constants.map(trained)).toEqual([true, false, false]);
  });

  test("a stopped run goes on bit for bit, and so does its log", async () => {
    const whole = normfold(["train", "net.onnx", "-o", "whole-run.onnx", ...common, "--steps", "24", "-q"], {
      cwd,
    });
    const parts = [
      "train",
      "net.onnx",
      "-o",
      "parts.onnx",
      ...common,
      "--checkpoint",
      "run.safetensors",
      "--resume",
      "--log",
      "long.jsonl",
      "-q",
    ];
    const lines = (): number => readFileSync(at("long.jsonl"), "utf8").trim().split("\n").length;
    expect((await normfold([...parts, "--steps", "10"], { cwd })).code).toBe(0);
    expect([readCheckpoint(at("run.safetensors")).step, lines()]).toEqual([10, 10]);
    expect((await normfold([...parts, "--steps", "24"], { cwd })).code).toBe(0);
    expect([(await whole).code, lines()]).toEqual([0, 24]);
    const [a, b] = [await loadModel(at("whole-run.onnx")), await loadModel(at("parts.onnx"))];
    expect(Buffer.compare(modelToBytes(a), modelToBytes(b))).toBe(0);
  });

  test.concurrent.each<[readonly string[], number, string, RegExp?]>([
    [
      ["net.onnx", "--data", "odd.mjs", "--steps", "20"],
      3,
      "label-is-no-class",
      /label of sample \d+ is 7, and there are 3 classes/,
    ],
    [
      ["net.onnx", "--data", "huge.mjs", "--steps", "40", "--batch", "30"],
      1,
      "training-diverged",
      /training diverged/,
    ],
    [["net.onnx", "--data", "data.mjs"], 2, "training-has-no-length", /by steps or by epochs/],
    [
      ["net.onnx", "--data", "data.mjs", "--steps", "2", "--freeze", "*"],
      2,
      "nothing-to-train",
      /no parameter is left to train/,
    ],
    [
      ["net.onnx", "--data", "data.mjs", "--steps", "2", "--freeze", "w,wieght"],
      2,
      "glob-matches-no-parameter",
      /no parameter is named "wieght"/,
    ],
    [
      ["net.onnx", "--data", "data.mjs", "--steps", "2", "--of", "q"],
      2,
      "no-such-output",
      /no output "q"; it has p/,
    ],
    [
      ["net.onnx", "--data", "data.mjs", "--steps", "2", "--loss", "mse"],
      2,
      "label-shape-differs",
      /labels are \[32\], and the loss wants \[N,3\]/,
    ],
    [
      ["net.onnx", "--data", "data.mjs", "--steps", "2", "--schedule", "step"],
      2,
      "schedule-needs-interval",
      /--schedule-every/,
    ],
    [
      ["net.onnx", "--data", "data.mjs", "--steps", "2", "--resume"],
      2,
      "option-needs-another",
      /--resume has no effect without --checkpoint/,
    ],
    [
      ["bare.onnx", "--data", "data.mjs", "--steps", "2", "--loss", "mse"],
      2,
      "nothing-to-train",
      /no parameter is left to train/,
    ],
    [
      ["whole.onnx", "--data", "data.mjs", "--steps", "2"],
      2,
      "loss-needs-float-output",
      /floating-point output, and this one is int64/,
    ],
  ])("%j: one error, nothing written", async (args, code, id, message) => {
    const result = await normfold(["train", ...args, "-o", "no.onnx", "--json"], { cwd });
    expectError(result, code, id, message);
    // Wrong usage is of the command line, and not of the model's file, unless it names an element there.
    const { file, element } = JSON.parse(result.stdout).error;
    if (code === 2) expect(file).toBe(element === undefined ? undefined : args[0]);
    expect(filesIn(cwd)).not.toContain("no.onnx");
  });

  test("without --batch, takes the batch that the model fixes, else 32", async () => {
    await writeModel(
      at("fixed.onnx"),
      NET.replace("float[N,2]", "float[9,2]").replace("float[N,3]", "float[9,3]"),
    );
    const steps = async (model: string, data: string, ...more: string[]) => {
      const args = ["train", model, "-o", "unused.onnx", "--data", data, "--epochs", "1", "--json", ...more];
      const { stdout } = await normfold(args, { cwd });
      return JSON.parse(stdout).course.steps;
    };
    expect(await steps("fixed.onnx", "data.mjs")).toBe(10);
    expect(await steps("net.onnx", "data.mjs")).toBe(2);
    expect(await steps("net.onnx", "data.mjs", "--warmup", "0")).toBe(2);
    const other = ["train", "fixed.onnx", "-o", "no.onnx", "--data", "data.mjs", "--epochs", "1", "--json"];
    const refused = await normfold([...other, "--batch", "10"], { cwd });
    expectError(
      refused,
      2,
      "batch-size-is-fixed",
      /^error: fixed\.onnx, x: .* at 9 samples, not 10; use batches of 9$/,
    );
  });
});

describe("normfold ensemble", () => {
  test("writes the proven mean of several models", async () => {
    const { code, stdout } = await normfold(["ensemble", "net.onnx", "trained.onnx", "-o", "mean.onnx"], {
      cwd,
    });
    expect(code).toBe(0);
    expectNarrow(stdout);
    expect(stdout).toMatch(/equal to the members' own mean/);
    expect((await loadModel(at("mean.onnx"))).graph.outputs.map(({ name }) => name)).toEqual(["p"]);
  });

  test.concurrent.each<[readonly string[], number, string, RegExp?]>([
    [["net.onnx", "-o", "no.onnx"], 2, "ensemble-needs-two-models", /at least two models/],
    [
      ["net.onnx", "trained.onnx", "-o", "trained.onnx"],
      2,
      "target-is-one-of-the-models",
      /is one of the models/,
    ],
    [["net.onnx", "bare.onnx", "-o", "no.onnx"], 2, "member-classes-differ", /another number of classes/],
  ])("%j: one error", async (args, code, id, message) => {
    expectError(await normfold(["ensemble", ...args, "--json"], { cwd }), code, id, message);
    expect(existsSync(at("no.onnx"))).toBe(false);
  });
});

describe("a recipe in the file", () => {
  test("train writes the step as training_info, and lower makes a model of it", async () => {
    const args = ["train", "net.onnx", "-o", "plain.onnx", ...common, "--steps", "6", "--optimizer", "adamw"];
    const trained = await normfold([...args, "--training-info", "recipe.onnx", "--fold"], { cwd });
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    const recipe = await loadModel(at("recipe.onnx"));
    expect(recipe.trainingInfo).toHaveLength(1);
    expect((await loadModel(at("plain.onnx"))).trainingInfo).toHaveLength(0);
    const { code, stdout } = await normfold(["lower", "recipe.onnx", "-o", "step.onnx", "--training-info"], {
      cwd,
    });
    expect(code).toBe(0);
    expectNarrow(stdout);
    expect(stdout).toMatch(/0 training operators written out/);
    expect(stdout).toMatch(/w -> w_next\n/);
    expect(stdout).toMatch(/onnxruntime loads the result/);
    expect(stdout).not.toMatch(/--training-info/);
    const passedOver = await normfold(["lower", "recipe.onnx", "-o", "same.onnx"], { cwd });
    expect(passedOver.code).toBe(0);
    expectNarrow(passedOver.stdout);
    expect(passedOver.stdout).toMatch(/training_info is left as it is; --training-info makes a model/);
    expect((await loadModel(at("same.onnx"))).trainingInfo).toHaveLength(1);
    const inputs = (await loadModel(at("step.onnx"))).graph.inputs.map(({ name }) => name);
    expect(inputs).toEqual(expect.arrayContaining(["x", "labels", "w", "w_moment1", "step_count"]));
    const again = await normfold(
      ["train", "recipe.onnx", "-o", "again.onnx", ...common, "--steps", "2", "--json"],
      { cwd },
    );
    const readers = JSON.parse(again.stdout).course.trained.map(
      (trained: { readers: number }) => trained.readers,
    );
    expect(readers).toEqual([1, 1, 1, 1, 1]);
    const missing = await normfold(["lower", "net.onnx", "-o", "no.onnx", "--training-info", "2"], { cwd });
    expectFailure(missing, 2, /net\.onnx: the model has no training_info/);
    expect(filesIn(cwd)).not.toContain("no.onnx");
  });

  test("lower writes preview operators out", async () => {
    await writeModel(
      at("preview.onnx"),
      `<ir_version: 8, opset_import: ["" : 17, "ai.onnx.preview.training" : 1]>
      g (float R, int64 T, float[2] w, float[2] v) => (float[2] w2, float[2] v2) {
        p = Mul(w, w)  y = ReduceSum <keepdims = 0> (p)
        dw = ai.onnx.preview.training.Gradient <xs = ["w"], y = "y"> (w)
        w2, v2 = ai.onnx.preview.training.Momentum <alpha = 0.5, beta = 1.0, mode = "nesterov", norm_coefficient = 0.0> (R, T, w, dw, v)
      }`,
    );
    const { code, stdout } = await normfold(["lower", "preview.onnx", "-o", "lowered.onnx", "--json"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      lowered: ['Gradient "dw"', 'Momentum "w2"'],
      state: [],
      checked: true,
    });
    const domains = [...(await loadModel(at("lowered.onnx"))).nodes()].map(({ domain }) => domain ?? "");
    expect(new Set(domains)).toEqual(new Set([""]));
  });

  test("options that would be passed over are refused", async () => {
    const train = (...more: string[]) =>
      normfold(["train", "net.onnx", "-o", "no.onnx", ...common, "--steps", "2", "--json", ...more], { cwd });
    expectError(
      await train("--delta", "2"),
      2,
      "option-needs-another",
      /--delta has .* without --loss huber/,
    );
    writeFileSync(at("kept.safetensors"), "of another run");
    expectError(
      await train("--checkpoint", "kept.safetensors"),
      2,
      "checkpoint-is-there",
      /kept\.safetensors: there is/,
    );
    expect(readFileSync(at("kept.safetensors"), "utf8")).toBe("of another run");
    expectError(await train("--limit", "9"), 2, "unknown-flag");
    expectError(await train("--checkpoint", "none/run.safetensors"), 5, "folder-is-not-there");
    expect(filesIn(cwd)).not.toContain("no.onnx");
  });
});
