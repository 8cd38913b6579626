// npm run bench:forms: the cost in onnxruntime of a per-channel scale and shift that stays in the graph, for each of its forms.
import { createModel, modelToBytes, tensorFromNumbers, tensorType } from "../dist/src/index.js";
import { median, table } from "./measure.mjs";

const ort = (await import("onnxruntime-node")).default;

const FORMS = {
  BatchNormalization: ({ apply, vector }, x) =>
    apply("BatchNormalization", [x, ...[1, 2, 3, 4].map(() => vector())]),
  "Mul, Add": ({ apply, map }, x) => apply("Add", [apply("Mul", [x, map()]), map()]),
  Mul: ({ apply, map }, x) => apply("Mul", [x, map()]),
  Add: ({ apply, map }, x) => apply("Add", [x, map()]),
};

const LAYERS = 8;

/** A chain of one form between Relus, so that the runtime has something else to do, too. */
function chain(form, shape) {
  const model = createModel(17, "chain");
  const { graph } = model;
  const channels = shape[1];
  const values = Float64Array.from({ length: channels }, (_, c) => 0.5 + (c % 7) / 10);
  const constant = (dims) =>
    graph.addInitializer(graph.freshName("k"), tensorFromNumbers("float", dims, values));
  const vector = () => constant([channels]);
  const map = () => constant([channels, ...shape.slice(2).map(() => 1)]);
  const apply = (opType, inputs) =>
    graph.addNode({ opType, inputs, outputs: [graph.freshName("v")] }).output(0);
  let x = graph.addInput({ name: "x", type: tensorType("float", shape) });
  for (let layer = 0; layer < LAYERS; layer++) {
    x = apply("Relu", [x]);
    if (form !== undefined) x = FORMS[form]({ apply, vector, map }, x);
  }
  x.info = { name: x.name, type: tensorType("float", shape) };
  graph.addOutput(x);
  return model;
}

async function milliseconds(model, shape) {
  const session = await ort.InferenceSession.create(modelToBytes(model), { logSeverityLevel: 4 });
  const data = Float32Array.from(
    { length: shape.reduce((a, b) => a * b) },
    (_, i) => ((i * 31) % 17) / 8 - 1,
  );
  const feeds = { x: new ort.Tensor("float32", data, shape) };
  const times = [];
  for (let run = 0; run < 25; run++) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  await session.release();
  return median(times);
}

const rows = [];
for (const shape of [
  [1, 32, 112, 112],
  [1, 256, 14, 14],
  [8, 64, 56, 56],
  [64, 512],
]) {
  const bare = await milliseconds(chain(undefined, shape), shape);
  const row = [shape.join("x")];
  for (const form of Object.keys(FORMS)) {
    row.push((((await milliseconds(chain(form, shape), shape)) - bare) / LAYERS).toFixed(3));
  }
  rows.push(row);
}
console.log(
  `Milliseconds per layer on top of the same chain without it, medians of 25 runs, onnxruntime defaults\n`,
);
table(["input", ...Object.keys(FORMS)], rows);
