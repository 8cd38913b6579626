// npm run bench:training: a step of training, as a ratio to PyTorch on the CPU where the environment's PYTHON names an
// interpreter that has it, and beside its own kernels' time. Whole loops: batches drawn,
// the loss of each step read. "Run alone" is the runtime with prepared tensors, which never carry over.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { modelToBytes } from "../dist/src/index.js";
import { defaultRuntime } from "../dist/src/runtime/ort.js";
import { buildTrainingStep, tensorDataset } from "../dist/src/train.js";
import { trainModel } from "../dist/src/training/train.js";
import { perceptron } from "../experiments/mnist/network.mjs";
import { median, table } from "./measure.mjs";
import { resnet20 } from "./networks.mjs";
import { PYTORCH } from "./training-pytorch.mjs";

// npm run bench:training -- [mlp or resnet20-32 or resnet20-128] [threads]
const [, , wanted, only] = process.argv;
const THREADS = only === undefined ? new Set([1, availableParallelism()]) : [Number(only)];
const ROUNDS = 3;
const runtime = await defaultRuntime();
const loss = { kind: "cross-entropy" };

const mlp = {
  name: "MLP 784-100-100-100-10 with BatchNormalization, batch 60",
  kind: "mlp",
  model: perceptron({ normalized: true, std: 0.1, seed: 1 }),
  shape: [784],
  batch: 60,
  steps: 640,
  stepsPerCall: 16,
  optimizer: { kind: "sgd" },
  target: 0.6,
};
const resnet = (batch, steps) => ({
  name: `ResNet-20, 32x32, batch ${batch}`,
  kind: "resnet20",
  model: resnet20(),
  shape: [3, 32, 32],
  batch,
  steps,
  stepsPerCall: 2,
  optimizer: { kind: "momentum" },
  target: 1.5,
});

/** Random samples of the wanted sizes; speed does not depend on their values. */
function samples({ shape, batch }, batches) {
  const count = batch * batches;
  const x = new Float32Array(count * shape.reduce((a, b) => a * b, 1));
  let seed = 1;
  for (let i = 0; i < x.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    x[i] = seed / 2 ** 31 - 1;
  }
  const labels = BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 10));
  return {
    x: { dtype: "float", dims: [count, ...shape], data: new Uint8Array(x.buffer) },
    labels: { dtype: "int64", dims: [count], data: new Uint8Array(labels.buffer) },
  };
}

/** Milliseconds of a step in the loop of trainModel: the whole loop without its first tenth, by its steps. */
async function loopTime({ model, batch, steps, optimizer }, data, threads, stepsPerCall) {
  const warm = Math.ceil(steps / 10 / stepsPerCall) * stepsPerCall;
  let before;
  const onStep = ({ step }) => {
    if (step === warm) before = performance.now();
  };
  const options = { batchSize: batch, steps, learningRate: 0.01, loss, optimizer, runtime, threads, onStep };
  await trainModel(model, { data: tensorDataset(data), ...options, stepsPerCall });
  return (performance.now() - before) / (steps - warm);
}

/** Milliseconds of the runtime's own call with everything prepared, state never carried over. */
async function kernelTime({ model, batch, steps, optimizer }, { x, labels }, threads) {
  const step = buildTrainingStep(model, { loss, optimizer, withDecay: false, guarded: false });
  const session = await ort.InferenceSession.create(modelToBytes(step.model), {
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  const size = x.data.length / x.dims[0];
  const feeds = {
    x: new ort.Tensor("float32", new Float32Array(x.data.buffer, 0, (batch * size) / 4), [
      batch,
      ...x.dims.slice(1),
    ]),
    [step.labels]: new ort.Tensor("int64", new BigInt64Array(labels.data.buffer, 0, batch), [batch]),
  };
  for (const { name, initial } of step.state) {
    feeds[name] = new ort.Tensor("float32", new Float32Array(initial.bytes().slice().buffer), initial.dims);
  }
  for (const name of Object.values(step.hyperparameters)) {
    if (name !== undefined) feeds[name] = new ort.Tensor("float32", new Float32Array([0.01]), []);
  }
  let before;
  const warm = Math.ceil(steps / 10);
  for (let i = 0; i < steps; i++) {
    if (i === warm) before = performance.now();
    await session.run(feeds);
  }
  const time = (performance.now() - before) / (steps - warm);
  await session.release();
  return { time, nodes: step.model.graph.nodeCount };
}

/** Milliseconds of PyTorch's step, or undefined without a Python that has it. */
function pytorchTime({ kind, batch, steps }, threads) {
  const { PYTHON } = process.env;
  if (PYTHON === undefined) return undefined;
  const settings = JSON.stringify({ kind, batch, steps, threads });
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", PYTORCH, settings], { encoding: "utf8" });
  if (status !== 0) throw new Error(`PyTorch's loop failed: ${stderr.trim().split("\n").at(-1)}`);
  return Number(stdout);
}

const milliseconds = (time) => (time === undefined ? "-" : time.toFixed(time < 10 ? 3 : 1));
const ratio = (a, b) => (b === undefined ? "-" : (a / b).toFixed(2));
const rows = [];
const cases = [mlp, resnet(32, 30), resnet(128, 12)].filter(
  ({ kind, batch }) => wanted === undefined || `${kind}-${batch}`.startsWith(wanted),
);
for (const one of cases) {
  const data = samples(one, 10);
  for (const threads of THREADS) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const single = await loopTime(one, data, threads, 1);
      const ours = await loopTime(one, data, threads, one.stepsPerCall);
      const torch = pytorchTime(one, threads);
      rounds.push({ single, ours, torch, kernels: await kernelTime(one, data, threads) });
    }
    const ours = median(rounds.map((round) => round.ours));
    const torch = rounds[0].torch === undefined ? undefined : median(rounds.map((round) => round.torch));
    const single = median(rounds.map((round) => round.single));
    const kernels = median(rounds.map((round) => round.kernels.time));
    rows.push([
      one.name,
      threads,
      rounds[0].kernels.nodes,
      milliseconds(kernels),
      milliseconds(single),
      ratio(single, kernels),
      one.stepsPerCall,
      milliseconds(ours),
      ratio(ours, single),
      milliseconds(torch),
      ratio(ours, torch),
      one.target,
    ]);
  }
}
table(
  [
    "step",
    "threads",
    "nodes",
    "run alone",
    "loop",
    "ratio",
    "in one call",
    "loop",
    "ratio",
    "PyTorch",
    "ratio",
    "wanted",
  ],
  rows,
);
if (process.env.PYTHON === undefined) console.log("\nPYTHON names no interpreter: PyTorch was not measured.");
