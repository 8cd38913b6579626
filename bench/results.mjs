// npm run bench:results [seconds a model]: the gain from optimizing the models of this repository: nodes, BatchNormalizations,
// file size, the nodes that onnxruntime executes after its own fusions, and latency in onnxruntime, in its default session, as a user has it, and with its own optimizations off.
//
// Latency is the time of one run after it over that before it, as `normfold profile` measures it (src/profile/latency.ts): rounds
// of fresh sessions of the original, of the original once more, and of the result, one thread each, in turns. The original beside
// itself shows the machine's noise. ONLY=resnet for models with that in their path.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, modelToBytes, optimize, saveModel } from "../dist/src/index.js";
import { measureLatency } from "../dist/src/profile/latency.js";
import { defaultRuntime } from "../dist/src/runtime/ort.js";
import { executedNodes, total } from "./executed-nodes.mjs";
import { median, table } from "./measure.mjs";

const SECONDS = Number(process.argv[2] ?? 10);
const LEVELS = ["all", "disabled"];

const root = fileURLToPath(new URL("../models", import.meta.url));
const runtime = await defaultRuntime();
const folder = mkdtempSync(join(tmpdir(), "normfold-results-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function modelFiles() {
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith(".onnx") && name.includes(process.env.ONLY ?? ""))
    .sort();
}

/** Numbers in the place of every input that a caller must give; a free batch is 1, another free size 16. */
function feedsOf(model) {
  const given = model.graph.inputs.filter((value) => value.tensor === undefined);
  return new Map(
    given.map(({ name, type }) => {
      if (type?.kind !== "tensor" || type.shape === undefined) throw new Error(`input ${name} has no shape`);
      const dims = type.shape.map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? 1 : 16));
      const count = dims.reduce((a, b) => a * b, 1);
      const numbers =
        type.dtype === "int64"
          ? new BigInt64Array(count)
          : Float32Array.from({ length: count }, (_, i) => Math.sin(i));
      return [name, { dtype: type.dtype, dims, data: new Uint8Array(numbers.buffer) }];
    }),
  );
}

/** Latency after over before, and that of the original beside itself. */
async function latency(before, after, feeds, level) {
  const subjects = [before, before, after].map((bytes) => ({ model: { kind: "bytes", bytes }, feeds }));
  const { ratios } = await measureLatency(runtime, subjects, { threads: 1, level, seconds: SECONDS });
  const [again, result] = ratios.map((ratio) => ratio.median);
  return { ratio: (2 * result) / (1 + again), noise: again };
}

async function measure(file) {
  const path = join(root, file);
  const name = file.replace(/(?:\/model)?\.onnx$/, "");
  const original = await loadModel(path);
  // From IR version 4 on a weight that is listed as an input is a default, which callers may override, unless it is frozen.
  const isFrozen =
    original.irVersion >= 4 && original.graph.inputs.some((value) => value.tensor !== undefined);
  const { model, report } = await optimize(original, {
    freezeInitializers: isFrozen,
    original: { kind: "path", path },
  });
  const { files } = await saveModel(model, join(folder, "result.onnx"));
  const bytes = [await modelToBytes(original), await modelToBytes(model)];
  const feeds = feedsOf(model);
  const levels = {};
  for (const level of LEVELS) levels[level] = await latency(...bytes, feeds, level);
  return {
    name: isFrozen ? `${name} *` : name,
    before: report.before,
    after: report.after,
    status: report.check?.status,
    bytes: [statSync(path).size, files.reduce((sum, file) => sum + file.bytes, 0)],
    executed: [total(await executedNodes(bytes[0])), total(await executedNodes(bytes[1]))],
    levels,
  };
}

const rows = [];
for (const file of modelFiles()) {
  try {
    rows.push(await measure(file));
  } catch (error) {
    console.error(`${relative(".", join(root, file))}: not measured: ${error.message}`);
  }
  console.error(`${rows.length}: ${file}`);
}

const size = (bytes) => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
table(
  [
    "model",
    "nodes",
    "BatchNorm",
    "file",
    "executed",
    "latency",
    "with ORT's optimizations off",
    "original beside itself",
  ],
  rows.map(({ name, before, after, bytes, executed, levels }) => [
    name,
    `${before.nodes} → ${after.nodes}`,
    `${before.batchNormalizations} → ${after.batchNormalizations}`,
    bytes.map(size).join(" → "),
    executed.join(" → "),
    levels.all.ratio.toFixed(2),
    levels.disabled.ratio.toFixed(2),
    `${levels.all.noise.toFixed(2)}, ${levels.disabled.noise.toFixed(2)}`,
  ]),
);

const ratios = (level) => rows.map(({ levels }) => levels[level].ratio);
const count = (level, test) => ratios(level).filter(test).length;
const unproven = rows
  .filter(({ status }) => status !== "equal")
  .map(({ name, status }) => `${name} ${status}`);
console.log(`
Latency: seconds of one run after over before, so 0.80 is a fifth less; medians of rounds of fresh sessions, one thread.
* with inputs that have a default value made constants (--freeze-initializers).
${LEVELS.map(
  (level) =>
    `Level ${level}: median ${median(ratios(level)).toFixed(2)}; below 0.97 on ${count(level, (r) => r < 0.97)}, above 1.03 on ${count(level, (r) => r > 1.03)} of ${rows.length} models.`,
).join("\n")}
Not proven equal: ${unproven.length === 0 ? "none" : unproven.join(", ")}.`);
