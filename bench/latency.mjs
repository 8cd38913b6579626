// npm run bench:latency: the time that onnxruntime takes for each network and for its result, beside those of other
// simplifiers' results (onnxsim from npm; Python's where PYTHON has them), with one thread and with two, and the time to load.
// The networks are the twelve of test/networks/exports with SCALE (8 by default) times the channels.
//
// Made for machines that do other work too: each round measures all results in turn in an order of its own, with sessions made
// anew every few rounds, and a result counts by the median of its ratios to the original in the same round. The spread is that of
// the middle half of the ratios. CPU=1 takes processor time instead of time by the clock, which leaves out waiting, but adds up
// threads. For a result that is slower it names the pass: the passes that fired are left out one by one.
// ONLY=swin for networks with that in their name, ROUNDS=30, THREADS=1,2, MODELS=1 or FOLDER for models of files, PEERS=0.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "../dist/src/base/random.js";
import { loadModel, modelToBytes, optimize } from "../dist/src/index.js";
import { median, table } from "./measure.mjs";
import { fetchOnnxsim, isInstalled, PYTHON, PYTHON_PEERS } from "./other-simplifiers.mjs";

process.env.ORT_DISABLE_TELEMETRY ??= "1";
const { InferenceSession, Tensor } = (await import("onnxruntime-node")).default;

const only = (process.env.ONLY ?? "").toLowerCase();
const rounds = Number(process.env.ROUNDS ?? 30);
const threads = (process.env.THREADS ?? "1,2").split(",").map(Number);
const scale = Number(process.env.SCALE ?? 8);
/** What is slower by less is noise. */
const NOISE = 1.03;
/** Rounds after which sessions are made anew: where its memory lies makes one faster or slower for as long as it lives. */
const FRESH = 5;
/** Milliseconds that a sample takes at least, by running a network several times. */
const SAMPLE = 20;
const LIMIT = 60;

const folder = mkdtempSync(join(tmpdir(), "normfold-latency-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** { name, load } of each network. */
async function networks() {
  if (process.env.MODELS === undefined && process.env.FOLDER === undefined) {
    const { EXPORTS } = await import("./exports.mjs");
    return EXPORTS.filter(({ isPinned }) => isPinned).map(({ name, build }) => ({
      name,
      load: () => build(scale),
    }));
  }
  const root = process.env.FOLDER ?? fileURLToPath(new URL("../models", import.meta.url));
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith(".onnx"))
    .sort()
    .map((name) => ({
      name: name.replace(/(?:\/model)?\.onnx$/, ""),
      load: () => loadModel(join(root, name)),
    }));
}

/** The peers, each by a function from bytes to the path of its result, undefined where it fails. */
function peers() {
  if (process.env.PEERS === "0") return [];
  const programs = [
    { name: "onnxsim", command: process.execPath, args: [fetchOnnxsim(folder)] },
    ...Object.entries(PYTHON_PEERS)
      .filter(([name, script]) => name !== "onnxruntime basic" && isInstalled(script))
      .map(([name, script]) => ({ name, command: PYTHON, args: ["-c", script] })),
  ];
  return programs.map(({ name, command, args }) => ({
    name,
    simplify: (from) => {
      const to = join(folder, `${name}.onnx`);
      rmSync(to, { force: true });
      // One in eight runs of onnxsim never ends.
      for (let run = 0; run < 3 && !existsSync(to); run++)
        spawnSync(command, [...args, from, to], { timeout: LIMIT * 1000, stdio: "ignore" });
      return existsSync(to) ? to : undefined;
    },
  }));
}

/** Seeded inputs of a session: symbolic sizes are one, or eight behind a first axis. */
function feedsOf(session) {
  const random = createRandom(3);
  return Object.fromEntries(
    session.inputMetadata.map(({ name, type, shape }) => {
      const dims = shape.map((size, axis) => (typeof size === "number" ? size : axis === 0 ? 1 : 8));
      const count = dims.reduce((product, size) => product * size, 1);
      if (type === "int64") return [name, new Tensor(type, new BigInt64Array(count).fill(1n), dims)];
      if (type !== "float32") throw new Error(`an input of ${type}`);
      const values = Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
      return [name, new Tensor(type, values, dims)];
    }),
  );
}

/** Milliseconds by the clock, or of the processor. */
function stamp() {
  if (process.env.CPU === undefined) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function open(bytes, count) {
  const start = stamp();
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: "all",
    intraOpNumThreads: count,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  return { session, load: stamp() - start };
}

/** Median, and the middle half, of ratios to the first of the results, and of the times to load. */
async function measure(results, count) {
  const [ratios, loads] = [results.map(() => []), results.map(() => [])];
  let [sessions, feeds, repeats] = [[], undefined, 1];
  let first = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % FRESH === 0) {
      for (const { session } of sessions) await session.release();
      sessions = [];
      for (const bytes of results) sessions.push(await open(bytes, count));
      feeds ??= feedsOf(sessions[0].session);
      for (const [i, { load }] of sessions.entries()) loads[i].push(load / sessions[0].load);
      for (const { session } of sessions) await session.run(feeds);
      const start = performance.now();
      await sessions[0].session.run(feeds);
      repeats = Math.max(1, Math.ceil(SAMPLE / Math.max(performance.now() - start, 0.01)));
    }
    const times = results.map(() => 0);
    for (let i = 0; i < results.length; i++) {
      const turn = (first + i) % results.length;
      const { session } = sessions[turn];
      const start = stamp();
      for (let run = 0; run < repeats; run++) await session.run(feeds);
      times[turn] = (stamp() - start) / repeats;
    }
    first++;
    for (const [i, time] of times.entries()) ratios[i].push(time / times[0]);
  }
  for (const { session } of sessions) await session.release();
  return results.map((_, i) => {
    const sorted = ratios[i].sort((a, b) => a - b);
    const at = (part) => sorted[Math.floor(part * (sorted.length - 1))];
    return { ratio: at(0.5), low: at(0.25), high: at(0.75), load: median(loads[i]) };
  });
}

/** The pass without which the result is fastest, where that is more than noise. */
async function slowPass(load, original, fired, count) {
  const without = [];
  for (const pass of fired) {
    const { model } = await optimize(await load(), { check: false, skip: [pass] });
    without.push(await modelToBytes(model));
  }
  const measured = await measure([original, ...without], count);
  const [best] = fired
    .map((pass, i) => ({ pass, ratio: measured[i + 1].ratio }))
    .sort((a, b) => a.ratio - b.ratio);
  return best === undefined ? "" : `${best.ratio.toFixed(2)} without ${best.pass}`;
}

const others = peers();
const rows = [];
const [slower, behind, ahead, loading] = [[], [], [], []];
let compared = 0;
for (const { name, load } of await networks()) {
  if (!name.toLowerCase().includes(only)) continue;
  try {
    const original = await modelToBytes(await load());
    const { model, report } = await optimize(await load(), { check: false });
    const from = join(folder, "from.onnx");
    writeFileSync(from, original);
    const results = [
      { name: "original", bytes: original },
      { name: "normfold", bytes: await modelToBytes(model) },
    ];
    for (const peer of others) {
      const path = peer.simplify(from);
      if (path !== undefined)
        results.push({ name: peer.name, bytes: await modelToBytes(await loadModel(path)) });
    }
    for (const count of threads) {
      const measured = await measure(
        results.map(({ bytes }) => bytes),
        count,
      );
      const own = measured[1];
      const hasPeers = measured.length > 2;
      const best = Math.min(...measured.slice(2).map(({ ratio }) => ratio));
      const isSlower = own.low > NOISE;
      const fired = [...new Set(report.rewrites.map(({ pass }) => pass))];
      if (hasPeers) compared++;
      const place = `${name}, ${count} ${count === 1 ? "thread" : "threads"}`;
      if (isSlower) slower.push(place);
      if (own.ratio > best * NOISE) behind.push(place);
      if (hasPeers && own.ratio * NOISE < best) ahead.push(place);
      loading.push(own.load);
      rows.push([
        name,
        count,
        `${own.ratio.toFixed(2)} (${own.low.toFixed(2)} to ${own.high.toFixed(2)})`,
        own.load.toFixed(2),
        results
          .slice(2)
          .map((result, i) => `${result.name} ${measured[i + 2].ratio.toFixed(2)}`)
          .join(", "),
        isSlower ? await slowPass(load, original, fired, count) : "",
      ]);
    }
  } catch (error) {
    console.error(`${name}: not measured: ${error.message.split("\n")[0]}`);
  }
}
table(
  ["network", "threads", "latency (middle half)", "to load", "latency of peers' results", "the pass"],
  rows,
);
console.log(`
Ratios to the original's, medians of ${rounds} rounds; time ${process.env.CPU === undefined ? "by the clock" : "of the processor"}.
Slower than the original: ${slower.join("; ") || "none"}.
Slower than a peer's result: ${behind.join("; ") || "none"}. Faster than the best of them: ${ahead.length} of ${compared}.
Time to load: ${loading.length === 0 ? "not measured" : `${median(loading).toFixed(2)} of the original's (median; ${Math.min(...loading).toFixed(2)} to ${Math.max(...loading).toFixed(2)})`}.`);
process.exit(0);
