// The paper's section 4.1 on real MNIST, and claims of section 4.2 at a laptop's scale. Writes a page, figures and JSON.
//   node bench/mnist/experiment.mjs            everything, 50,000 steps an arm
//   --quick                                    a version of two minutes, into its own folder
//   --jobs 2   arms at a time      --minutes 40   start no arm after that      --fresh   run arms anew
//   --table    print the README's table from the JSON that is there, and run nothing
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadModel } from "../../dist/src/index.js";
import { buildEnsemble, evaluate } from "../../dist/src/train.js";
import { digits } from "./data.mjs";
import { pageOf, tableOf } from "./page.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
    minutes: { type: "string", default: "600" },
  },
});
const here = fileURLToPath(new URL(".", import.meta.url));
const results = join(here, flags.quick ? "quick" : "results");
const arms = join(results, "arms");

/** Chosen before anything was run: the cell whose curves are shown. Seeds, steps and the grid are what a laptop has time for. */
const CELL = { std: 0.1, learningRate: 0.1 };
const GRID = { std: [0.01, 0.1, 0.3], learningRate: [0.1, 0.5] };
const STEPS = flags.quick ? 1500 : 50_000;
const EVERY = flags.quick ? 300 : 1000;
const CNN_STEPS = flags.quick ? 200 : 5000;
const SEEDS = flags.quick ? [1] : [1, 2, 3];

/** Arms in the order of their importance, so that what a budget leaves out is what matters least. */
function plan() {
  const list = [];
  const arm = (name, settings) => {
    const id = [name, ...Object.entries(settings).map(([key, value]) => `${key}${value}`)].join("_");
    if (!list.some((other) => other.id === id)) list.push({ id, name, ...settings });
  };
  const perceptron = (normalized, settings) => ({
    kind: "mlp",
    normalized,
    steps: STEPS,
    every: EVERY,
    dropout: 0,
    ...settings,
  });
  for (const seed of SEEDS) {
    for (const normalized of [false, true]) arm("cell", perceptron(normalized, { ...CELL, seed }));
  }
  for (const seed of SEEDS) {
    for (const factor of [5, 30]) {
      for (const normalized of [true, false]) {
        arm("cell", perceptron(normalized, { ...CELL, learningRate: CELL.learningRate * factor, seed }));
      }
    }
  }
  for (const seed of SEEDS) {
    for (const normalized of [false, true]) {
      arm("cnn", {
        kind: "cnn",
        normalized,
        std: 0.1,
        learningRate: 0.1,
        seed,
        steps: CNN_STEPS,
        every: CNN_STEPS / 10,
        dropout: 0,
      });
      if (!flags.quick) arm("dropout", { ...perceptron(normalized, { ...CELL, seed }), dropout: 0.2 });
    }
  }
  if (!flags.quick) {
    for (const seed of SEEDS) {
      for (const std of GRID.std) {
        for (const learningRate of GRID.learningRate) {
          for (const normalized of [false, true])
            arm("cell", perceptron(normalized, { std, learningRate, seed }));
        }
      }
    }
  }
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
  const worker = async () => {
    for (
      let arm = waiting.shift();
      arm !== undefined && minutes() < Number(flags.minutes);
      arm = waiting.shift()
    ) {
      await run(arm);
      done++;
      console.error(`${done}/${list.length} arms, ${minutes().toFixed(1)} min: ${arm.id}`);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, worker));
  return minutes();
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

const file = join(results, "mnist.json");
if (!flags.table) {
  if (flags.fresh) rmSync(arms, { recursive: true, force: true });
  mkdirSync(arms, { recursive: true });
  const list = plan();
  const minutes = await runAll(list);
  const found = list.flatMap(({ id }) => {
    const path = join(arms, `${id}.json`);
    return existsSync(path) ? [JSON.parse(readFileSync(path, "utf8"))] : [];
  });
  const missing = list.filter(({ id }) => !existsSync(join(arms, `${id}.json`))).map(({ id }) => id);
  const document = {
    cell: CELL,
    grid: GRID,
    steps: STEPS,
    seeds: SEEDS,
    minutes,
    missing,
    ensemble: await ensembleOf(found),
    arms: found,
  };
  writeFileSync(file, `${JSON.stringify(document)}\n`);
  const { html, figures } = await pageOf(document);
  writeFileSync(join(results, "mnist.html"), html);
  for (const [name, svg] of Object.entries(figures)) writeFileSync(join(results, `${name}.svg`), svg);
  console.error(`wrote ${join(results, "mnist.html")}`);
}
console.log(tableOf(JSON.parse(readFileSync(file, "utf8"))));
