import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { expectError, filesIn, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

const sines = (count: number): string =>
  Array.from({ length: count }, (_, i) => Math.sin(i * 7).toFixed(3)).join(", ");

const NORMALIZED = `<ir_version: 8, opset_import: ["" : 17]>
net (float[BATCH,4] x) => (float[BATCH,3] y)
<float[4,4] w = {${sines(16)}}, float[4] g = {1,1,1,1}, float[4] b = {0,0,0,0}, float[4] m = {0,0,0,0}, float[4] v = {1,1,1,1},
 float[4,3] z = {${sines(12)}}> {
  u = MatMul(x, w)  n = BatchNormalization(u, g, b, m, v)  h = Relu(n)  y = MatMul(h, z)
}`;

function npy(descr: string, dims: readonly number[], data: ArrayBufferView): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims.join(", ")},), }`.padEnd(
    117,
  );
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([head, Buffer.from(`${header}\n`), bytes]);
}

const values = (count: number, at: (i: number) => number = (i) => Math.sin(i * 1.7)): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => at(i));
const classes = (at: (i: number) => number): Buffer =>
  npy(
    "<i4",
    [20],
    Int32Array.from({ length: 20 }, (_, i) => at(i)),
  );

beforeAll(async () => {
  await writeModel(at("net.onnx"), NORMALIZED.replaceAll("BATCH", "N"));
  await writeModel(at("fixed.onnx"), NORMALIZED.replaceAll("BATCH", "8"));
  await writeModel(
    at("plain.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> net (float[N,4] x) => (float[N,4] y)
     <float[4,4] w = {${sines(16)}}> { u = MatMul(x, w)  h = Relu(u)  y = MatMul(h, w) }`,
  );
  await writeModel(
    at("two.onnx"),
    `<ir_version: 8, opset_import: ["" : 17]> net (float[N,4] x, float[N,4] k) => (float[N,4] y)
     <float[4,4] w = {${sines(16)}}> { u = MatMul(x, w)  h = Relu(u)  s = Add(h, k)  y = MatMul(s, w) }`,
  );
  const double = `<ir_version: 8, opset_import: ["" : 17]> net (double[N,5,4] x) => (double[5,1,N,2] y)
     <double[1,8,4] w = {${sines(32)}}, double[1,8,2] r = {${sines(16)}}> {
       s = Transpose <perm = [1, 0, 2]> (x)  y = LSTM <hidden_size = 2> (s, w, r) }`;
  await writeModel(at("double.onnx"), double);
  const files: Readonly<Record<string, Uint8Array | string>> = {
    "good.npy": npy("<f4", [20, 4], values(80)),
    "sequences.npy": npy("<f8", [6, 5, 4], Float64Array.from(values(120))),
    "wide.npy": npy("<f4", [20, 5], values(100)),
    "one.npy": npy("<f4", [1, 4], values(4)),
    "none.npy": npy("<f4", [0, 4], values(0)),
    "nan.npy": npy(
      "<f4",
      [20, 4],
      values(80, (i) => (i === 50 ? Number.NaN : i)),
    ),
    "huge.npy": npy(
      "<f4",
      [20, 4],
      values(80, (i) => 3e38 * Math.cos(i)),
    ),
    "cut.npy": npy("<f4", [20, 4], values(79)),
    "text.npy": "these are no numbers",
    "text.csv": "1,2,3,4",
    "throws.mjs":
      "export default function* () { yield { x: new Float32Array(4) }; throw new Error('no more'); }",
    "labels.npy": classes((i) => i % 3),
    "seven.npy": classes((i) => (i === 13 ? 7 : i % 3)),
    "negative.npy": classes((i) => (i === 13 ? -1 : i % 3)),
    "few.npy": npy("<i4", [6], Int32Array.of(0, 1, 2, 0, 1, 2)),
    "rows.npy": npy("<f4", [20, 3], values(60)),
    "half.npy": npy(
      "<f4",
      [20],
      values(20, (i) => i / 2),
    ),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
});

type Case = readonly [data: string, code: number, id: string, message: RegExp];

/** Data that no command can use. All commands read data alike, so one command is tested with all, the others with some. */
const DATA: readonly Case[] = [
  [
    "wide.npy",
    2,
    "sample-sizes-differ",
    /^error: wide\.npy: input "x" wants samples of 4, and "arr_0" has 5; give data of that size$/m,
  ],
  [
    "none.npy",
    3,
    "data-holds-no-samples",
    /^error: none\.npy: the data holds no samples; give one at least$/m,
  ],
  [
    "nan.npy",
    3,
    "sample-is-not-finite",
    /^error: nan\.npy: sample 12 of "x" holds NaN; leave it out or mend it$/m,
  ],
  [
    "cut.npy",
    3,
    "array-is-cut-off",
    /^error: cut\.npy: the array \[20,4\] takes 320 bytes, and there are 316; the file is cut off$/m,
  ],
  ["text.npy", 3, "file-is-not-npy", /^error: text\.npy: this is no NumPy array/m],
  ["text.csv", 2, "data-format-is-unknown", /^error: text\.csv: data comes as \.npy/m],
  [
    "throws.mjs",
    3,
    "module-fails",
    /^error: throws\.mjs: the module fails behind sample 1 \(Error: no more\); mend it$/m,
  ],
  ["lost.npy", 5, "file-is-not-there", /^error: lost\.npy: there is no such file/m],
];

async function refused(args: readonly string[], code: number, id: string, message?: RegExp): Promise<void> {
  const result = await normfold([...args, "-o", "no.onnx", "--json"], { cwd });
  expectError(result, code, id, message);
  expect(filesIn(cwd)).not.toContain("no.onnx");
}

describe("insert", () => {
  test.concurrent.each(DATA)("%s", (data, code, id, message) =>
    refused(["insert", "plain.onnx", "--data", data], code, id, message),
  );

  test.concurrent.each<readonly [string, number, string, RegExp]>([
    [
      "insert plain.onnx --data one.npy",
      4,
      "channel-has-one-element",
      /plain\.onnx, u: a batch has one element per channel here/,
    ],
    [
      "insert plain.onnx --data huge.npy",
      3,
      "activation-is-not-finite",
      /plain\.onnx, u: batch 1 makes channel \d NaN, infinite, or too large/,
    ],
    [
      "insert two.onnx --data good.npy",
      2,
      "input-has-no-data",
      /good\.npy: no data for input "k"; there are arr_0/,
    ],
    [
      "insert double.onnx --data sequences.npy --recurrent",
      4,
      "outputs-are-unchecked",
      /unchecked: onnxruntime cannot run the model: LSTM.*nothing was written, --no-check writes it/,
    ],
    [
      "insert plain.onnx --data good.npy --reference --no-check",
      2,
      "option-has-no-effect",
      /--reference has no effect with --no-check/,
    ],
    [
      "insert plain.onnx --reference --init fresh",
      2,
      "option-has-no-effect",
      /--reference has no effect with --init fresh/,
    ],
    [
      "insert plain.onnx --data good.npy --epsilon 5",
      2,
      "wrong-option-value",
      /--epsilon is "5"; give a number above 0 and below 1/,
    ],
  ])("%s", (line, code, id, message) => refused(line.split(" "), code, id, message));
});

describe("calibrate", () => {
  test.concurrent.each(DATA.filter(([data]) => data === "nan.npy" || data === "throws.mjs"))(
    "%s",
    (data, code, id, message) =>
      refused(
        ["calibrate", "net.onnx", "--data", data, "--batch", "1", "--method", "pooled"],
        code,
        id,
        message,
      ),
  );

  test.concurrent.each<readonly [string, number, string, RegExp]>([
    [
      "net.onnx --data one.npy --batch 2",
      3,
      "data-is-smaller-than-batch",
      /net\.onnx: the data has 1 sample, fewer than one batch of 2/,
    ],
    [
      "net.onnx --data good.npy --batch 21",
      3,
      "data-is-smaller-than-batch",
      /net\.onnx: the data has 20 samples, fewer than one batch of 21/,
    ],
    [
      "net.onnx --data good.npy --mean 1,2",
      2,
      "preparation-channels-differ",
      /good\.npy: mean is for 2 channels, and "x" has \d+; give one each, or one for all/,
    ],
    [
      "net.onnx --data good.npy --batch 1",
      4,
      "channel-has-one-element",
      /net\.onnx, n: a batch has one element per channel here/,
    ],
    [
      "fixed.onnx --data one.npy",
      3,
      "data-is-smaller-than-batch",
      /fixed\.onnx: the data has 1 sample, fewer than one batch of 8/,
    ],
    [
      "fixed.onnx --data good.npy --batch 4",
      2,
      "batch-size-is-fixed",
      /the model fixes its batch at 8 samples, not 4/,
    ],
    [
      "net.onnx --data good.npy --momentum 0.5",
      2,
      "option-needs-another",
      /--momentum has no effect without --method moving-average/,
    ],
    [
      "net.onnx --data good.npy --labels seven.npy",
      3,
      "label-is-no-class",
      /the label of sample 13 is 7, and there are 3 classes \(0 to 2\)/,
    ],
    [
      "net.onnx --data good.npy --labels few.npy",
      2,
      "sample-counts-differ",
      /20 samples and its labels 6; give as many/,
    ],
  ])("%s", (line, code, id, message) => refused(["calibrate", ...line.split(" ")], code, id, message));
});

describe("train", () => {
  const course = ["--steps", "3", "--batch", "5", "--seed", "9"];

  test.concurrent.each(DATA.filter(([data]) => data === "nan.npy" || data === "wide.npy"))(
    "%s",
    (data, code, id, message) =>
      refused(["train", "net.onnx", "--data", data, "--labels", "labels.npy", ...course], code, id, message),
  );

  test.concurrent.each<readonly [string, number, string, RegExp]>([
    [
      "net.onnx --data good.npy --labels seven.npy",
      3,
      "label-is-no-class",
      /the label of sample 13 is 7, and there are 3 classes \(0 to 2\)/,
    ],
    [
      "net.onnx --data good.npy --labels negative.npy",
      3,
      "label-is-no-class",
      /the label of sample 13 is -1/,
    ],
    [
      "net.onnx --data good.npy --labels half.npy",
      2,
      "label-is-not-whole",
      /a label is \d+\.5, and classes are whole numbers/,
    ],
    [
      "net.onnx --data good.npy --labels rows.npy",
      2,
      "label-shape-differs",
      /labels are \[5,3\], and the loss wants \[N\]/,
    ],
    ["net.onnx --data good.npy --labels few.npy", 2, "sample-counts-differ", /20 samples and its labels 6/],
    [
      "net.onnx --data good.npy",
      2,
      "data-has-no-labels",
      /the data has no labels; give them as its field "labels", or with --labels/,
    ],
    [
      "fixed.onnx --data good.npy --labels labels.npy",
      2,
      "batch-size-is-fixed",
      /fixed\.onnx, x: the model fixes its batch at 8 samples, not 5/,
    ],
  ])("%s", (line, code, id, message) => refused(["train", ...line.split(" "), ...course], code, id, message));

  test("a learning rate that is far too high", () =>
    refused(
      [
        "train",
        "net.onnx",
        "--data",
        "good.npy",
        "--labels",
        "labels.npy",
        "--batch",
        "5",
        "--steps",
        "60",
        "--lr",
        "1e30",
      ],
      1,
      "training-diverged",
      /net\.onnx: training diverged: the last 20 batches up to step \d+ gave no finite loss; lower the learning rate/,
    ));
});
