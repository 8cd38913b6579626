// npm run bench:accuracy [seeds] [names...]: how far original and folded model each are from the real function, the float64
// evaluation of the original, over several seeds of inputs and, where the weights are all one number, of weights.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadModel, optimize } from "../dist/src/index.js";
import { table } from "./measure.mjs";
import { randomize } from "./weights.mjs";

/**
 * The distance of one run is the root mean square of the differences of an output, in units of its largest magnitude. The
 * distance of a model is the geometric mean over all runs, and so is the ratio of folded to original. Rounding is a draw: a
 * ratio counts as larger than one only when it is so by two standard errors.
 */
const STANDARD_ERRORS = 2;

/**
 * One rounding of float32. Chains of products that become one (merge-linear-chains) lose up to this: their weights are rounded
 * where the original's were exact, and a wide middle no longer averages what a long sum rounds.
 */
const ROUNDING = 2 ** -24;

/** Evaluating these in float64 takes most of a minute. */
const FEW_SEEDS = { "light_densenet121.onnx": 6, "light_resnet50.onnx": 6, "light_inception_v2.onnx": 6 };

const root = fileURLToPath(new URL("..", import.meta.url));

function modelsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${folder}/${entry.name}/model.onnx` : `${folder}/${entry.name}`))
    .filter((path) => path.endsWith(".onnx") && existsSync(path));
}

async function distances(path, seeds) {
  const pairs = [];
  let weights = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const model = await loadModel(path);
    if (path.includes("light_")) weights = randomize(model, seed);
    const { report } = await optimize(model, { seed, reference: true });
    if (report.accuracy === undefined) return { reason: report.check?.reason ?? "it does not run" };
    if (report.accuracy.refused !== undefined) return { reason: report.accuracy.refused };
    for (const { outputs } of report.accuracy.sets) {
      for (const { original, result } of outputs) {
        if (original !== undefined && result !== undefined) pairs.push([original.rms, result.rms]);
      }
    }
  }
  return { pairs, weights };
}

function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function judge(pairs) {
  // An output that is met exactly is as near as it gets: half a rounding stands for it.
  const floor = (value) => Math.max(value, ROUNDING / 1e3);
  const logs = pairs.map(([original, result]) => Math.log(floor(result) / floor(original)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(logs.length - 1, 1);
  const error = Math.sqrt(variance / logs.length);
  const [original, result] = [0, 1].map((side) => geometricMean(pairs.map((pair) => floor(pair[side]))));
  const verdict =
    mean <= 0
      ? "nearer"
      : mean <= STANDARD_ERRORS * error
        ? "no farther than chance"
        : result - original <= ROUNDING
          ? "farther by less than one rounding"
          : "FARTHER";
  return { original, result, ratio: Math.exp(mean), error, verdict };
}

const [seedCount = "8", ...wanted] = process.argv.slice(2);
const folders = ["models/zoo", "models/real", "models/onnx", "../shared/models/zoo", "../shared/models/real"];
const paths = folders
  .flatMap((folder) => modelsIn(`${root}${folder}`).map((path) => [path.slice(root.length), path]))
  .filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const rows = [];
const ratios = [];
for (const [name, path] of paths) {
  const seeds = Math.min(Number(seedCount), FEW_SEEDS[path.split("/").at(-1)] ?? Number(seedCount));
  const { pairs, weights, reason } = await distances(path, seeds).catch((error) => ({
    reason: error.message,
  }));
  if (pairs === undefined || pairs.length === 0) {
    rows.push([name, "", "", "", "", reason ?? "no output of numbers"]);
    continue;
  }
  const { original, result, ratio, error, verdict } = judge(pairs);
  ratios.push(ratio);
  const told = weights > 0 ? `${verdict} (${weights} weights drawn)` : verdict;
  rows.push([
    name,
    pairs.length,
    original.toExponential(1),
    result.toExponential(1),
    `${ratio.toFixed(2)} ± ${(ratio * error).toFixed(2)}`,
    told,
  ]);
  if (process.env.NORMFOLD_PROGRESS) console.error(rows.at(-1).join("  "));
}
table(["model", "runs", "original", "folded", "folded / original", ""], rows);
console.log(`\nGeometric mean of the ratios of ${ratios.length} models: ${geometricMean(ratios).toFixed(2)}`);
