// The paper's section 4.1 on real MNIST, and claims of section 4.2 at a laptop's scale. Writes a page, figures and JSON.
//   node experiments/mnist/experiment.mjs            everything, 50,000 steps an arm
//   --quick                                    a version of two minutes, into its own folder
//   --jobs 2   arms at a time      --minutes 40   start no arm after that (2 with --quick)      --fresh   run arms anew
//   --table    print the README's table from the JSON that is there, and run nothing
//   --page     write the page and the figures again from that JSON, and run nothing
//   --out      another folder for the results
// An arm that was run is kept in the folder arms/ and not run again.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve as absolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadModel } from "../../dist/src/index.js";
import { buildEnsemble, evaluate } from "../../dist/src/train.js";
import { digits } from "./data.mjs";
import { tableOf } from "./findings.mjs";
import { pageOf } from "./page.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    out: { type: "string" },
    jobs: { type: "string", default: "2" },
    minutes: { type: "string" },
  },
});
const here = fileURLToPath(new URL(".", import.meta.url));
const results = absolute(flags.out ?? join(here, flags.quick ? "quick" : "results"));
const arms = join(results, "arms");
/** Minutes after which no arm is started. */
const budget = Number(flags.minutes ?? (flags.quick ? 2 : 600));

/**
 * The cell whose curves are shown was chosen before any network saw MNIST: a pilot on 8x8 digits had the paper's shape there.
 * Both networks go over the same grid; cells beside the chosen one run for fewer steps and one seed.
 */
const CELL = { std: 0.1, learningRate: 0.1 };
const FACTORS = [5, 30];
const GRID = { std: [0.01, 0.1, 0.3], learningRate: [0.1, 0.5] };
const STEPS = flags.quick ? 1000 : 50_000;
const GRID_STEPS = flags.quick ? 400 : 20_000;
const EVERY = flags.quick ? 200 : 1000;
const CNN = { std: 0.1, learningRate: 0.1, steps: flags.quick ? 200 : 3000 };
const DROPOUT = 0.2;
const SEEDS = flags.quick ? [1, 2] : [1, 2, 3];

/** Arms in the order of their importance, so that what a budget leaves out is what matters least. */
function plan() {
  const list = [];
  const arm = (name, settings) => {
    const id = [name, ...Object.entries(settings).map(([key, value]) => `${key}${value}`)].join("_");
    list.push({ id, name, ...settings });
  };
  /** Both networks, with the same settings. */
  const pair = (name, settings) => {
    for (const normalized of [false, true]) {
      arm(name, { kind: "mlp", normalized, steps: STEPS, every: EVERY, dropout: 0, ...settings });
    }
  };
  const dropout = (seed) => pair("dropout", { dropout: DROPOUT, ...CELL, seed });
  const convolutional = (seed) => pair("cnn", { kind: "cnn", ...CNN, every: CNN.steps / 10, seed });
  const [first, ...others] = SEEDS;
  for (const seed of SEEDS) pair("cell", { ...CELL, seed });
  for (const seed of SEEDS) {
    for (const factor of FACTORS) pair("cell", { ...CELL, learningRate: CELL.learningRate * factor, seed });
  }
  convolutional(first);
  dropout(first);
  const isRun = (cell) =>
    list.some(({ std, learningRate }) => std === cell.std && learningRate === cell.learningRate);
  for (const std of GRID.std) {
    for (const learningRate of GRID.learningRate) {
      if (!isRun({ std, learningRate })) pair("cell", { std, learningRate, seed: first, steps: GRID_STEPS });
    }
  }
  others.forEach(convolutional);
  others.forEach(dropout);
  return list;
}

function run(arm) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(here, "arm.mjs"), JSON.stringify(arm), arms], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`arm ${arm.id} ended with ${code}`)),
    );
  });
}

async function runAll(list) {
  const started = performance.now();
  const minutes = () => (performance.now() - started) / 60_000;
  const waiting = list.filter(({ id }) => !existsSync(join(arms, `${id}.json`)));
  let done = list.length - waiting.length;
  const failed = [];
  const worker = async () => {
    for (let arm = waiting.shift(); arm !== undefined && minutes() < budget; arm = waiting.shift()) {
      try {
        await run(arm);
      } catch (error) {
        console.error(error.message);
        failed.push(arm.id);
        continue;
      }
      done++;
      console.error(`${done}/${list.length} arms, ${minutes().toFixed(1)} min: ${arm.id}`);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, worker));
  if (failed.length > 0) process.exitCode = 1;
}

/** The mean of the probabilities of the nets of the cell, seed by seed trained alike, against each of them. */
async function ensembleOf(found) {
  const members = found.filter(
    ({ settings }) =>
      settings.name === "cell" &&
      settings.normalized &&
      settings.std === CELL.std &&
      settings.learningRate === CELL.learningRate,
  );
  if (members.length < 2) return undefined;
  const models = await Promise.all(
    members.map(({ settings }) => loadModel(join(arms, `${settings.id}.onnx`))),
  );
  const test = digits("test", [784]);
  const { accuracy } = await evaluate(buildEnsemble(models), test, {
    loss: { kind: "cross-entropy" },
    batchSize: 1000,
    threads: 1,
  });
  return { accuracy, members: members.map(({ folded }) => folded.accuracy) };
}

/** Seven digits are more than a float has. */
const short = (_, value) => (typeof value === "number" ? Number(value.toPrecision(7)) : value);

const file = join(results, "mnist.json");
if (!flags.table && !flags.page) {
  if (flags.fresh) rmSync(arms, { recursive: true, force: true });
  mkdirSync(arms, { recursive: true });
  const list = plan();
  await runAll(list);
  const isThere = ({ id }) => existsSync(join(arms, `${id}.json`));
  const found = list
    .filter(isThere)
    .map(({ id }) => JSON.parse(readFileSync(join(arms, `${id}.json`), "utf8")));
  const document = {
    cell: CELL,
    factors: FACTORS,
    grid: GRID,
    steps: STEPS,
    gridSteps: GRID_STEPS,
    seeds: SEEDS,
    missing: list.filter((arm) => !isThere(arm)),
    ensemble: await ensembleOf(found),
    arms: found,
  };
  writeFileSync(file, `${JSON.stringify(document, short)}\n`);
}
const measured = JSON.parse(readFileSync(file, "utf8"));
if (!flags.table) {
  const { html, figures } = await pageOf(measured);
  writeFileSync(join(results, "mnist.html"), html);
  for (const [name, svg] of Object.entries(figures)) writeFileSync(join(results, `${name}.svg`), svg);
  console.error(`wrote ${join(results, "mnist.html")}`);
}
console.log(tableOf(measured));
