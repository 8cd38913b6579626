// One arm of the experiment in a process of its own: trains one network and writes what it measured as JSON.
//   node experiments/mnist/arm.mjs '<settings>' <folder>
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, modelToBytes, optimize, saveModel } from "../../dist/src/index.js";
import { tensorFromBytes } from "../../dist/src/ir/tensor.js";
import { defaultRuntime } from "../../dist/src/runtime/ort.js";
import { calibrate, evaluate, freeze } from "../../dist/src/train.js";
import { trackNormalizations } from "../../dist/src/training/normalization.js";
import { withConstants } from "../../dist/src/training/step.js";
import { trainModel } from "../../dist/src/training/train.js";
import { digits } from "./data.mjs";
import { convolutional, perceptron } from "./network.mjs";

const [settingsText, folder] = process.argv.slice(2);
const settings = JSON.parse(settingsText);
const { id, kind, normalized, std, learningRate, seed, steps, every, dropout } = settings;

/** The unit of the last hidden layer whose input is watched; named before anything was run. */
const UNIT = 7;

const shape = kind === "cnn" ? [1, 28, 28] : [784];
const train = digits("train", shape);
const test = digits("test", shape);
const model =
  kind === "cnn" ? convolutional({ normalized, std, seed }) : perceptron({ normalized, std, seed, dropout });
const runtime = await defaultRuntime();
const loss = { kind: "cross-entropy" };

/** Accuracy on the test set against steps, and the percentiles of the watched sigmoid's input. */
const curve = [];
const percentiles = [];
const batchPercentiles = [];
let last;
const started = performance.now();
let training = 0;

const constants = (tensors) =>
  new Map([...tensors].map(([name, { dtype, dims, data }]) => [name, tensorFromBytes(dtype, dims, data)]));

async function watch(step, tensors) {
  const now = freeze(withConstants(model, constants(tensors))).model;
  const { accuracy, loss: value } = await evaluate(now, test, { loss, batchSize: 1000, runtime, threads: 1 });
  curve.push({ step, accuracy, loss: value });
  if (kind === "cnn") return;
  percentiles.push({ step, values: await inputPercentiles(now) });
  if (!normalized) return;
  // As in training: normalized by the statistics of the images that are watched.
  trackNormalizations(now.graph, "all");
  batchPercentiles.push({ step, values: await inputPercentiles(now) });
}

/** The 15th, 50th and 85th percentile, over 1000 test images, of what goes into one sigmoid of the last hidden layer. */
async function inputPercentiles(now) {
  const name = [...now.graph.nodes()].find((node) => node.outputs[0]?.name === "h3")?.input(0);
  now.graph.setOutputs([name]);
  name.info = { name: name.name, type: { kind: "tensor", dtype: "float", shape: ["N", 100] } };
  const session = await runtime.open({ kind: "bytes", bytes: modelToBytes(now) }, { threads: 1 });
  for await (const { tensors } of test.batches({ size: 1000, limit: 1000 })) {
    const { data } = [...(await session.run(tensors)).values()][0];
    await session.close();
    const all = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const sorted = all.filter((_, i) => i % 100 === UNIT).sort();
    return [0.15, 0.5, 0.85].map((part) => sorted[Math.floor(part * sorted.length)]);
  }
}

const points = new Set(Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every));
for (let step = Math.max(1, Math.round(every / 4)); step < every; step += Math.max(1, Math.round(every / 4)))
  points.add(step);
const initial = new Map(
  [...model.graph.initializers].map((value) => [
    value.name,
    { ...value.tensor, dtype: value.tensor.dtype, dims: value.tensor.dims, data: value.tensor.bytes() },
  ]),
);
await watch(0, initial);
let diverged;
try {
  await trainModel(model, {
    data: train,
    batchSize: 60,
    steps,
    loss,
    optimizer: { kind: "sgd" },
    learningRate,
    seed,
    runtime,
    threads: 1,
    checkpointEvery: Math.max(1, Math.round(every / 4)),
    onCheckpoint: async (checkpoint) => {
      last = checkpoint.tensors;
      if (!points.has(checkpoint.step)) return;
      points.delete(checkpoint.step);
      const before = performance.now();
      await watch(checkpoint.step, checkpoint.tensors);
      training -= performance.now() - before;
    },
  });
} catch (error) {
  if (error.code !== "check") throw error;
  diverged = error.message;
}
training += performance.now() - started;

const result = {
  settings,
  curve,
  percentiles,
  ...(batchPercentiles.length > 0 && { batchPercentiles }),
  secondsOfTraining: training / 1000,
  ...(diverged && { diverged }),
};
if (last !== undefined) {
  const trained = freeze(withConstants(model, constants(last))).model;
  result.movingAverage = await evaluate(trained, test, { loss, batchSize: 1000, runtime, threads: 1 });
  let final = trained;
  if (normalized) {
    final = (await calibrate(trained, train, { method: "paper", batchSize: 60, seed, runtime, threads: 1 }))
      .model;
    result.population = await evaluate(final, test, { loss, batchSize: 1000, runtime, threads: 1 });
    result.batch = await evaluate(trained, test, {
      loss,
      batchSize: 60,
      statistics: "batch",
      runtime,
      threads: 1,
    });
  }
  const { model: folded, report } = await optimize(final);
  result.folded = {
    check: report.check?.status,
    before: { nodes: report.before.nodes, batchNormalizations: report.before.batchNormalizations },
    after: { nodes: report.after.nodes, batchNormalizations: report.after.batchNormalizations },
    same: (await check(final, folded)).status,
    accuracy: (await evaluate(folded, test, { loss, batchSize: 1000, runtime, threads: 1 })).accuracy,
  };
  await saveModel(folded, join(folder, `${id}.onnx`));
}
writeFileSync(join(folder, `${id}.json.tmp`), JSON.stringify(result));
renameSync(join(folder, `${id}.json.tmp`), join(folder, `${id}.json`));
