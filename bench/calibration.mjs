// npm run bench:calibration [rounds]: the cost of statistics. Calibrating a ResNet-18 at 224x224 against the plain
// forward passes over the same batches, in onnxruntime's default session, as a user has it. In turn, the opening of the
// session included in both; the median over rounds of each round's own ratio, so that a machine that changes its speed
// changes little. Peak memory is that of processes of their own (forward or paper, and a number of batches of 8), whose
// data is made a batch at a time.

import { fileURLToPath } from "node:url";
import { modelToBytes } from "../dist/src/index.js";
import { calibrate, tensorDataset } from "../dist/src/train.js";
import { median, runOnce, table } from "./measure.mjs";
import { resnet18 } from "./networks.mjs";

const [, , argument = "7", batchesWanted] = process.argv;
const [rounds, limit] = [Number(argument), 1.3];

/** Threads of an operator (undefined: onnxruntime's default), samples in a batch, samples in all. */
const SETTINGS = [
  { threads: undefined, batchSize: 8, samples: 64 },
  { threads: undefined, batchSize: 2, samples: 64 },
  { threads: undefined, batchSize: 32, samples: 128 },
  // A single batch, whose memory is all touched for the first time: shown beside the others, not part of the verdict.
  { threads: undefined, batchSize: 32, samples: 32, isUnjudged: true },
  { threads: 1, batchSize: 8, samples: 64 },
];

const { InferenceSession, Tensor } = (await import("onnxruntime-node")).default;
const model = resnet18();
const input = model.graph.inputs[0].name;
const bytes = modelToBytes(model);

function dataOf(samples) {
  const values = Float32Array.from({ length: samples * 3 * 224 * 224 }, (_, i) => Math.sin(i));
  return tensorDataset({
    [input]: { dtype: "float", dims: [samples, 3, 224, 224], data: new Uint8Array(values.buffer) },
  });
}

/** Batches that are made when they are wanted, so that memory holds no data but the batch's. */
function streamed(batches, size) {
  const dims = [size, 3, 224, 224];
  return {
    size: batches * size,
    fields: [{ name: input, dtype: "float", shape: dims.slice(1) }],
    async *batches() {
      for (let batch = 0; batch < batches; batch++) {
        const values = Float32Array.from({ length: size * 3 * 224 * 224 }, (_, i) => Math.sin(i + batch));
        const data = new Uint8Array(values.buffer);
        yield { size, tensors: new Map([[input, { dtype: "float", dims, data }]]) };
      }
    },
    close: async () => {},
  };
}

async function forward(data, { batchSize, threads }) {
  const session = await InferenceSession.create(
    bytes,
    threads === undefined ? {} : { intraOpNumThreads: threads },
  );
  for await (const { tensors } of data.batches({ size: batchSize })) {
    const { dims, data: raw } = tensors.get(input);
    const values = new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
    await session.run({ [input]: new Tensor("float32", values, dims) });
  }
  await session.release();
}

const statistics = (method) => (data, options) => calibrate(model, data, { ...options, method });
const METHODS = {
  forward,
  paper: statistics("paper"),
  pooled: statistics("pooled"),
  "moving-average": statistics("moving-average"),
};

if (batchesWanted !== undefined) {
  // A process whose peak memory the parent reads.
  await METHODS[argument](streamed(Number(batchesWanted), 8), { batchSize: 8 });
  process.exit();
}

async function measured(run) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, cpu: (user + system) / 1000 };
}

/** Milliseconds by method, a row a round. */
async function compare(setting) {
  const { threads, batchSize, samples } = setting;
  const data = dataOf(samples);
  const options = { batchSize, ...(threads === undefined ? {} : { threads }) };
  const times = [];
  for (let round = -1; round < rounds; round++) {
    const row = {};
    for (const [name, run] of Object.entries(METHODS)) row[name] = await measured(() => run(data, options));
    // The first round warms up.
    if (round >= 0) times.push(row);
  }
  return times;
}

const rows = [];
const reached = [];
for (const setting of SETTINGS) {
  const times = await compare(setting);
  if (setting.threads === undefined && !setting.isUnjudged) {
    const ratios = times.flatMap(({ forward, ...rest }) =>
      Object.values(rest).map(({ wall }) => wall / forward.wall),
    );
    reached.push(median(ratios));
  }
  for (const name of Object.keys(METHODS)) {
    const ratio = (kind) => median(times.map((row) => row[name][kind] / row.forward[kind]));
    rows.push([
      `${setting.samples} by ${setting.batchSize}, ${setting.threads === undefined ? "default threads" : `${setting.threads} thread`}`,
      name,
      (median(times.map((row) => row[name].wall)) / 1000).toFixed(2),
      ratio("wall").toFixed(2),
      ratio("cpu").toFixed(2),
    ]);
  }
}
table(["images of 224x224", "method", "seconds", "of the forward pass", "of its CPU time"], rows);

const [{ threads: _, ...first }] = SETTINGS;
const data = dataOf(first.samples);
const plain = await measured(() => forward(data, first));
const sequential = await measured(() =>
  calibrate(model, data, { batchSize: first.batchSize, method: "sequential" }),
);
const layers = [...model.nodes()].filter((node) => node.is("BatchNormalization")).length;
console.log(
  `\nsequential, a pass up to each of ${layers} layers: ${(sequential.wall / plain.wall).toFixed(1)} times the forward pass.`,
);
const self = fileURLToPath(import.meta.url);
const peak = (method, batches) => runOnce({ args: [self, method, String(batches)] }).megabytes.toFixed(0);
console.log(
  `Peak memory with batches of 8: forward ${peak("forward", 4)} MB; paper ${peak("paper", 4)} MB over 4 batches, ${peak("paper", 32)} MB over 32.`,
);
const worst = Math.max(...reached);
console.log(
  `With default threads ${reached.map((ratio) => ratio.toFixed(2)).join(", ")} times over all methods; the aim is ${limit}: ${worst <= limit ? "met" : "missed"}.`,
);
if (worst > limit) process.exitCode = 1;
