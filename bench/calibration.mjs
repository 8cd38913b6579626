// What statistics cost: calibrating a ResNet-18 at 224x224 against the plain forward passes over the same batches, in the
// same runtime with the same settings, in turn; medians of whole passes, the opening of the session included in both.
import { modelToBytes } from "../dist/src/index.js";
import { defaultRuntime } from "../dist/src/runtime/ort.js";
import { calibrate, tensorDataset } from "../dist/src/train.js";
import { median, table } from "./measure.mjs";
import { resnet18 } from "./networks.mjs";

const [samples, batchSize, rounds, limit] = [16, 8, 3, 1.3];
const model = resnet18();
const data = tensorDataset({
  [model.graph.inputs[0].name]: {
    dtype: "float",
    dims: [samples, 3, 224, 224],
    data: new Uint8Array(
      Float32Array.from({ length: samples * 3 * 224 * 224 }, (_, i) => Math.sin(i)).buffer,
    ),
  },
});
const runtime = await defaultRuntime();

async function forward() {
  const session = await runtime.open({ kind: "bytes", bytes: modelToBytes(model) }, { optimize: true });
  for await (const { tensors } of data.batches({ size: batchSize })) await session.run(tensors);
  await session.close();
}

const methods = {
  forward,
  paper: () => calibrate(model, data, { method: "paper", batchSize, runtime }),
  pooled: () => calibrate(model, data, { method: "pooled", batchSize, runtime }),
};
const seconds = new Map(Object.keys(methods).map((name) => [name, []]));
for (const run of Object.values(methods)) await run();
const before = process.memoryUsage.rss();
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(methods)) {
    const start = performance.now();
    await run();
    seconds.get(name).push((performance.now() - start) / 1000);
  }
}
const plain = median(seconds.get("forward"));
table(
  ["pass over 16 images of 224x224", "seconds", "times the forward pass"],
  [...seconds].map(([name, list]) => [name, median(list).toFixed(2), (median(list) / plain).toFixed(2)]),
);
const growth = (process.memoryUsage.rss() - before) / 2 ** 20;
console.log(
  `Memory grew by ${growth.toFixed(0)} MB over ${rounds} rounds: nothing is kept from batch to batch.`,
);
const worst = Math.max(median(seconds.get("paper")), median(seconds.get("pooled"))) / plain;
console.log(`The aim is at most ${limit} times: ${worst <= limit ? "met" : "missed"}.`);
if (worst > limit) process.exitCode = 1;
