// Time and memory against size: chains of 1,000 to 100,000 nodes and graphs of up to 20,000 branches, optimized without a
// check. The exponent of growth is that of the whole range; 1 is linear. User time is the work of all cores. With --kinds also
// models that grow in some fifty other ways (kinds.mjs), at two sizes: KINDS=part of a name, for some of them.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createModel, optimize, parse, tensorFromNumbers, tensorType } from "../dist/src/index.js";
import { KINDS, OPTIONS } from "./kinds.mjs";
import { median, table } from "./measure.mjs";

/** x -> Relu -> Mul -> Identity -> Add -> ... : some go, some fold into each other, most stay. */
function chain(nodes) {
  const model = createModel(17, "chain");
  const { graph } = model;
  let value = graph.addInput({ name: "x", type: tensorType("float", ["N", 4]) });
  const scale = graph.addInitializer("scale", tensorFromNumbers("float", [4], [2, 0.5, 1.5, 1]));
  const kinds = ["Tanh", "Mul", "Identity", "Add"];
  for (let i = 0; i < nodes; i++) {
    const opType = kinds[i % kinds.length];
    const inputs = opType === "Mul" || opType === "Add" ? [value, scale] : [value];
    value = graph.addNode({ opType, inputs, outputs: [`v${i}`] }).output(0);
  }
  return finish(model, value);
}

/** Branches from one input, pairs of which are equal, into one Sum. */
function branches(count) {
  const model = createModel(17, "branches");
  const { graph } = model;
  const x = graph.addInput({ name: "x", type: tensorType("float", ["N", 4]) });
  const ends = [];
  for (let i = 0; i < count; i++) {
    const k = graph.addInitializer(`k${i}`, tensorFromNumbers("float", [4], [i >> 1, 1, 2, 3]));
    const sum = graph.addNode({ opType: "Add", inputs: [x, k], outputs: [`a${i}`] }).output(0);
    ends.push(graph.addNode({ opType: "Sin", inputs: [sum], outputs: [`s${i}`] }).output(0));
  }
  return finish(model, graph.addNode({ opType: "Sum", inputs: ends, outputs: ["y"] }).output(0));
}

function finish(model, value) {
  value.info = { name: value.name, type: tensorType("float", ["N", 4]) };
  model.graph.addOutput(value);
  return model;
}

const GRAPHS = {
  chain: { make: chain, sizes: [1000, 3000, 10_000, 30_000, 100_000] },
  branches: { make: branches, sizes: [1000, 3000, 10_000, 20_000] },
};

/** Optimizes one model in this process and prints what it took. */
async function measureHere(name, size) {
  const { make } = GRAPHS[name];
  // Once before, so that code is compiled.
  await optimize(make(1000), { check: false });
  const model = make(size);
  const [start, work] = [performance.now(), process.cpuUsage()];
  await optimize(model, { check: false });
  const seconds = (performance.now() - start) / 1000;
  const user = process.cpuUsage(work).user / 1e6;
  console.log(JSON.stringify({ seconds, user, megabytes: process.resourceUsage().maxRSS / 1024 }));
}

/** Medians of processes of their own, so that the peak of memory is that of one model. */
function measure(name, size) {
  const runs = Array.from({ length: size > 20_000 ? 1 : 3 }, () => {
    const args = [fileURLToPath(import.meta.url), "--one", name, String(size)];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  });
  const [seconds, user, megabytes] = ["seconds", "user", "megabytes"].map((key) =>
    median(runs.map((run) => run[key])),
  );
  return { size, seconds, user, megabytes };
}

/** User seconds of one kind at one size. */
async function secondsOf(name, size) {
  const model = parse(KINDS[name](size));
  const work = process.cpuUsage();
  await optimize(model, { check: false, ...OPTIONS[name] });
  return process.cpuUsage(work).user / 1e6;
}

const one = process.argv.indexOf("--one");
if (one > 0) await measureHere(process.argv[one + 1], Number(process.argv[one + 2]));
else await compareSizes();

async function compareSizes() {
  let isLinear = true;
  for (const [name, { sizes }] of Object.entries(GRAPHS)) {
    const rows = sizes.map((size) => measure(name, size));
    const [first, last] = [rows[0], rows.at(-1)];
    const exponent = Math.log(last.user / first.user) / Math.log(last.size / first.size);
    table(
      [name, "seconds", "user seconds", "microseconds each", "peak MB"],
      rows.map(({ size, seconds, user, megabytes }) => [
        size,
        seconds.toFixed(3),
        user.toFixed(3),
        ((seconds * 1e6) / size).toFixed(1),
        megabytes.toFixed(0),
      ]),
    );
    console.log(`growth: size to the power of ${exponent.toFixed(2)}\n`);
    isLinear &&= exponent < 1.25;
  }
  if (process.argv.includes("--kinds")) isLinear = (await compareKinds()) && isLinear;
  if (!isLinear) process.exitCode = 1;
}

async function compareKinds() {
  const [small, large] = [500, 4000];
  let isLinear = true;
  for (const name of Object.keys(KINDS).filter((each) => each.includes(process.env.KINDS ?? ""))) {
    await secondsOf(name, small);
    const [first, last] = [await secondsOf(name, small), await secondsOf(name, large)];
    const exponent = Math.log(last / first) / Math.log(large / small);
    console.log(
      `${name}: ${first.toFixed(3)} s at ${small}, ${last.toFixed(3)} s at ${large}, size to the power of ${exponent.toFixed(2)}`,
    );
    // Below half a second a collection of garbage is a large part of it.
    isLinear &&= exponent < 1.4 || last < 0.5;
  }
  return isLinear;
}
