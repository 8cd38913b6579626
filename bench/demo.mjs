// npm run demo: optimizes the models of this repository, proves each in onnxruntime, writes them to out/, says what happened.
import { mkdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findTestData, loadData, loadModel, optimize, saveModel } from "../dist/src/index.js";

const models = fileURLToPath(new URL("../models/", import.meta.url));
const out = fileURLToPath(new URL("../out/", import.meta.url));

const SHOWN = [
  { file: "zoo/resnet18_w16.onnx", about: "ResNet-18, torchvision, narrow" },
  { file: "zoo/mobilenet_v2_025.onnx", about: "MobileNetV2, depthwise" },
  { file: "zoo/unet_small.onnx", about: "U-Net, ConvTranspose" },
  { file: "zoo/mlp_mnist_sigmoid_bn.onnx", about: "MLP of the BN paper, Gemm" },
  { file: "real/residual-block.onnx", about: "residual block, Caffe2" },
  { file: "real/mnist-8/model.onnx", about: "ONNX model zoo, stored data" },
  { file: "real/ultraface-rfb-320.onnx", about: "face detector", freeze: true },
  { file: "real/deeplab-mobilenetv2.onnx", about: "portrait segmentation", freeze: true },
  { file: "onnx/light_inception_v2.onnx", about: "the BN paper's own network" },
  { file: "onnx/light_densenet121.onnx", about: "DenseNet-121, Caffe" },
];

const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1m${text}\x1b[0m` : text);
const size = (bytes) => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

mkdirSync(out, { recursive: true });
console.log(bold("normfold: BatchNormalization is a fixed linear map at inference, so it folds away\n"));
const head = ["model", "nodes", "BatchNorm", "size", "largest diff", "time"];
const widths = [24, 12, 10, 18, 13, 7];
const row = (cells) =>
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("")
      .trimEnd(),
  );
row(head);

let normalizations = 0;
let worst = 0;
let failures = 0;
for (const { file, freeze = false } of SHOWN) {
  const path = join(models, file);
  const start = performance.now();
  const model = await loadModel(path);
  const data = (
    await Promise.all((await findTestData(path)).map((folder) => loadData(model, folder)))
  ).flat();
  const { model: result, report } = await optimize(model, {
    freezeInitializers: freeze,
    original: { kind: "path", path },
    ...(data.length > 0 ? { data } : {}),
  });
  const name = file.endsWith("/model.onnx") ? file.split("/").at(-2) : basename(file, ".onnx");
  const { files } = await saveModel(result, join(out, `${name}.onnx`));
  const seconds = (performance.now() - start) / 1000;
  const { before, after, check } = report;
  const differences = (check?.sets ?? []).flatMap((set) =>
    set.outputs.map(({ comparison }) => comparison.maxAbsolute / (comparison.scale || 1)),
  );
  const largest = Math.max(0, ...differences);
  normalizations += before.batchNormalizations - after.batchNormalizations;
  worst = Math.max(worst, largest);
  if (check?.status !== "equal") failures++;
  row([
    name,
    `${before.nodes} > ${after.nodes}`,
    `${before.batchNormalizations} > ${after.batchNormalizations}`,
    `${size(statSync(path).size)} > ${size(files.reduce((sum, { bytes }) => sum + bytes, 0))}`,
    check?.status === "equal" ? `${largest.toExponential(1)}` : (check?.status ?? "unchecked"),
    `${seconds.toFixed(1)} s`,
  ]);
}

console.log(`
"largest diff" is the largest |a - b| over all outputs and inputs, in units of the
output's largest magnitude, between the original and the written model, both run
in onnxruntime with its own optimizations off. float32 rounds at 6.0e-8.

${normalizations} BatchNormalizations folded; worst difference ${worst.toExponential(1)}; ${failures} model(s) not proven.
light_*: their weights are ConstantOfShape nodes, which folding must turn into numbers.
DenseNet's 62 follow a Concat or a pooling; each is one node, the Scale layer composed in.

Written to ${relative(process.cwd(), out) || out}. Try it on yours:
  node dist/cli/main.js optimize model.onnx -o folded.onnx`);
if (failures > 0) process.exitCode = 1;
