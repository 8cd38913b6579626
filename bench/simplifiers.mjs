// normfold beside the other simplifier for JavaScript, onnxsim's WebAssembly build, and beside the Python ones where they
// are installed (PYTHON says which interpreter): nodes, bytes, seconds and memory from whole processes, in turn, in one run.
// onnxsim is fetched into a temporary folder; it is no dependency. MODELS=2 for the first two models, RUNS for runs of each,
// FOLDER for the models of another folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, summarize } from "../dist/src/index.js";
import { median, runOnce, table } from "./measure.mjs";
import { fetchOnnxsim, isInstalled, ONNXSIM, PYTHON, PYTHON_PEERS } from "./other-simplifiers.mjs";

/** Seconds for one run, and after which a model is not run again: one in eight runs of onnxsim never ends. */
const LIMIT = 60;
const RUNS = Number(process.env.RUNS ?? 3);
const root = fileURLToPath(new URL("..", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "normfold-simplifiers-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "out"));

/** The zoo, of the folder beside the project where it is there, and the light topologies of the ONNX project. */
function modelFiles() {
  const own = ["../shared/models/zoo", "models/zoo", "models/onnx"].map((place) => join(root, place));
  const places = process.env.FOLDER === undefined ? own : [process.env.FOLDER];
  const all = places.flatMap((place) =>
    existsSync(place)
      ? readdirSync(place)
          .filter((name) => name.endsWith(".onnx"))
          .map((name) => join(place, name))
      : [],
  );
  return all.filter((path, i) => all.findIndex((other) => basename(other) === basename(path)) === i);
}

function nameOf(path) {
  return basename(path, ".onnx");
}

/** Runs the tools in turn; each until it has its runs or its time is over. */
async function measure(tools, path) {
  const states = tools.map((tool) => ({ tool, runs: [], spent: 0, last: "" }));
  for (let run = 0; run < RUNS; run++) {
    for (const state of states) {
      if (run >= (state.tool.runs ?? RUNS) || state.spent >= LIMIT) continue;
      const { command, args, out } = state.tool;
      const sample = runOnce({
        ...(command === undefined ? {} : { command }),
        args: args(path, out),
        writes: [out],
        allowFailure: true,
        timeout: LIMIT * 1000,
      });
      state.spent += sample.seconds;
      if (sample.status === 0 && existsSync(out)) {
        const { nodes } = summarize(await loadModel(out));
        state.runs.push({ ...sample, nodes, bytes: statSync(out).size });
      } else state.last = sample.status === null ? "did not finish" : "failed";
    }
  }
  return states.map(({ runs, last }) =>
    runs.length === 0
      ? { failure: last }
      : {
          nodes: runs[0].nodes,
          bytes: runs[0].bytes,
          seconds: median(runs.map(({ seconds }) => seconds)),
          megabytes: median(runs.map(({ megabytes }) => megabytes)),
        },
  );
}

function cells(result) {
  if (result.failure !== undefined) return [result.failure, "", "", ""];
  const { nodes, bytes, seconds, megabytes } = result;
  return [nodes, (bytes / 1e6).toFixed(2), seconds.toFixed(2), Math.round(megabytes ?? 0)];
}

const simplify = fetchOnnxsim(folder);
const peers = Object.entries(PYTHON_PEERS).filter(([, script]) => isInstalled(script));
const out = (name) => join(folder, "out", `${name}.onnx`);
const cli = join(root, "dist/cli/main.js");
const tools = [
  { out: out("ours"), args: (from, to) => [cli, "optimize", from, "-o", to, "-q", "--no-check"] },
  { out: out("theirs"), args: (from, to) => [simplify, from, to] },
  ...peers.map(([name, script]) => ({
    out: out(name),
    command: PYTHON,
    args: (from, to) => ["-c", script, from, to],
    runs: 1,
  })),
];

const rows = [];
const [ratios, memories, losses] = [[], [], []];
const models = modelFiles();
for (const path of models.slice(0, Number(process.env.MODELS ?? models.length))) {
  const [ours, theirs, ...others] = await measure(tools, path);
  const both = ours.failure === undefined && theirs.failure === undefined;
  const faster = both ? `${(theirs.seconds / ours.seconds).toFixed(1)}x` : "";
  const columns = others.map(({ failure, nodes, seconds }) => failure ?? `${nodes} [${seconds.toFixed(1)}]`);
  rows.push([nameOf(path), ...cells(ours), ...cells(theirs), faster, ...columns]);
  if (ours.failure !== undefined) losses.push(`${nameOf(path)}: ours ${ours.failure}`);
  if (both) {
    ratios.push(theirs.seconds / ours.seconds);
    memories.push(ours.megabytes / theirs.megabytes);
  }
  const least = Math.min(...[theirs, ...others].map(({ nodes }) => nodes ?? Number.POSITIVE_INFINITY));
  if (ours.nodes > least) losses.push(`${nameOf(path)}: ${ours.nodes} nodes, a peer leaves ${least}`);
  console.error(`${rows.length} of ${models.length}: ${nameOf(path)}`);
}

table(
  [
    "model",
    "nodes",
    "MB",
    "s",
    "peak MB",
    "onnxsim: nodes",
    "MB",
    "s",
    "peak MB",
    "faster",
    ...peers.map(([name]) => `${name}: nodes [s]`),
  ],
  rows,
);
const unfinished = (word) => rows.filter((row) => row[5] === word).length;
console.log(
  `\nonnxsim ${ONNXSIM} failed on ${unfinished("failed")} and did not finish in ${LIMIT} s on ${unfinished("did not finish")} of ${rows.length} models.`,
);
if (ratios.length > 0) {
  console.log(
    `Where both finish: normfold is ${median(ratios).toFixed(1)} times faster (median; least ${Math.min(...ratios).toFixed(1)}), with ${median(memories).toFixed(2)} times its memory.`,
  );
}
console.log(
  `Models on which a peer of this run leaves fewer nodes: ${losses.length}.${losses.length > 0 ? ` ${losses.join("; ")}` : ""}`,
);
if (losses.length > 0 || (ratios.length > 0 && median(ratios) < 10)) process.exitCode = 1;
