// npm run bench:results [rounds]: the gain from optimizing the models of this repository: nodes, BatchNormalizations,
// file size, the nodes that onnxruntime executes after its own fusions, and latency in onnxruntime, in its default session, as a user has it, and with its own optimizations off.
//
// Latency is the time of one run after it over that before it: each round opens a fresh session of the original, of the
// original once more, and of the result, one thread each, and runs them in turn; a round gives the ratio of two
// medians, and the table the median of all rounds. The original beside itself shows the machine's noise. ONLY=resnet
// for models with that in their path.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, modelToBytes, optimize, saveModel } from "../dist/src/index.js";
import { executedNodes, total } from "./executed-nodes.mjs";
import { median, table } from "./measure.mjs";

const ROUNDS = Number(process.argv[2] ?? 9);
/** Seconds that a session runs in each round, and the runs it makes at least. */
const [SPAN, LEAST] = [0.15, 5];
const LEVELS = ["all", "disabled"];

const root = fileURLToPath(new URL("../models", import.meta.url));
const { InferenceSession, Tensor } = (await import("onnxruntime-node")).default;
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
  return Object.fromEntries(
    given.map(({ name, type }) => {
      if (type?.kind !== "tensor" || type.shape === undefined) throw new Error(`input ${name} has no shape`);
      const dims = type.shape.map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? 1 : 16));
      const count = dims.reduce((a, b) => a * b, 1);
      if (type.dtype === "int64") return [name, new Tensor("int64", new BigInt64Array(count), dims)];
      return [
        name,
        new Tensor(
          "float32",
          Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
          dims,
        ),
      ];
    }),
  );
}

async function open(bytes, level) {
  const options = { graphOptimizationLevel: level, intraOpNumThreads: 1, logSeverityLevel: 4 };
  return InferenceSession.create(bytes, options);
}

/** The median seconds of one run for each session; the sessions take turns, run by run. */
async function turns(sessions, feeds) {
  for (const session of sessions) for (let warm = 0; warm < 2; warm++) await session.run(feeds);
  const times = sessions.map(() => []);
  const until = performance.now() + 1000 * SPAN * sessions.length;
  for (let run = 0; run < LEAST || performance.now() < until; run++) {
    for (const [i, session] of sessions.entries()) {
      const start = performance.now();
      await session.run(feeds);
      times[i].push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** Latency after over before, and that of the original beside itself. */
async function latency(before, after, feeds, level) {
  const [ratios, noise] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [0, 1, 2] : [2, 0, 1];
    const sessions = [];
    for (const which of order) sessions[which] = await open(which === 2 ? after : before, level);
    const [first, again, result] = await turns(sessions, feeds);
    for (const session of sessions) await session.release();
    ratios.push((2 * result) / (first + again));
    noise.push(again / first);
  }
  return { ratio: median(ratios), noise: median(noise) };
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
Latency: seconds of one run after over before, so 0.80 is a fifth less; medians of ${ROUNDS} rounds, one thread.
* with inputs that have a default value made constants (--freeze-initializers).
${LEVELS.map(
  (level) =>
    `Level ${level}: median ${median(ratios(level)).toFixed(2)}; below 0.97 on ${count(level, (r) => r < 0.97)}, above 1.03 on ${count(level, (r) => r > 1.03)} of ${rows.length} models.`,
).join("\n")}
Not proven equal: ${unproven.length === 0 ? "none" : unproven.join(", ")}.`);
