// npm run bench:accuracy [seeds] [names...]: how far original and folded model each are from the real function, the float64
// evaluation of the original, over several seeds of inputs and, where the weights are all one number, of weights.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isRefusal, loadModel, optimize } from "../dist/src/index.js";
import { evaluateReference } from "../dist/src/reference/evaluate.js";
import { table } from "./measure.mjs";
import { randomize, uniform } from "./weights.mjs";

/**
 * The distance of one run is the root mean square of the differences of an output, in units of its largest magnitude. The
 * distance of a model is the geometric mean over all runs, and so is the ratio of folded to original. Rounding is a draw: a
 * ratio counts as larger than one only when it is so by two standard errors.
 */
const STANDARD_ERRORS = 2;

/**
 * One rounding of float32. Chains of products that become one (merge-linear-chains) may be farther by up to this, because
 * the rounding errors of one long sum are not averaged over the channels of a wide middle, as those of its sums were. The
 * constants are not the cause: "constants alone" is the folded model in float64, where only its constants, rounded
 * once, differ from the original.
 */
const ROUNDING = 2 ** -24;

/** Inputs that the constants alone are judged on. */
const EXACT_SETS = 4;

/** Evaluating these in float64 takes most of a minute. */
const FEW_SEEDS = { "light_densenet121.onnx": 6, "light_resnet50.onnx": 6, "light_inception_v2.onnx": 6 };

const root = fileURLToPath(new URL("..", import.meta.url));

function modelsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${folder}/${entry.name}/model.onnx` : `${folder}/${entry.name}`))
    .filter((path) => path.endsWith(".onnx") && existsSync(path));
}

/** Standard normal deviates; integers and booleans are zero, which is an index everywhere. */
function feedsOf(inputs, seed) {
  const random = uniform(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return new Map(
    inputs.map(({ name, dtype, dims }) => {
      const length = dims.reduce((product, dim) => product * dim, 1);
      const draw = dtype.includes("float") || dtype === "double" ? normal : () => 0;
      return [name, { dtype, dims, data: Float64Array.from({ length }, draw) }];
    }),
  );
}

/** How far the folded model is from the original if only its constants are rounded: geometric mean over inputs and outputs. */
function exactDistance(original, folded, inputs) {
  const distances = Array.from({ length: EXACT_SETS }, (_, seed) => {
    const feeds = feedsOf(inputs, seed + 1);
    const [before, after] = [original, folded].map((model) => evaluateReference(model, feeds));
    if (isRefusal(before) || isRefusal(after)) return [];
    return [...before].map(([name, { data }]) => {
      const other = after.get(name).data;
      const unit = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
      return Math.sqrt(
        data.reduce((sum, value, i) => sum + ((other[i] - value) / unit) ** 2, 0) / data.length,
      );
    });
  }).flat();
  return distances.length === 0 ? undefined : geometricMean(distances.map(floor));
}

async function distances(path, seeds) {
  const pairs = [];
  let weights = 0;
  let exact = () => undefined;
  for (let seed = 1; seed <= seeds; seed++) {
    const model = await loadModel(path);
    if (path.includes("light_")) weights = randomize(model, seed);
    const { model: folded, report } = await optimize(model, { seed, reference: true });
    if (report.accuracy === undefined) return { reason: report.check?.reason ?? "it does not run" };
    if (report.accuracy.refused !== undefined) return { reason: report.accuracy.refused };
    for (const { outputs } of report.accuracy.sets) {
      for (const { original, result } of outputs) {
        if (original !== undefined && result !== undefined) pairs.push([original.rms, result.rms]);
      }
    }
    exact = () => exactDistance(model, folded, report.check.sets[0].inputs);
  }
  return { pairs, weights, exact };
}

function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** A distance of zero has no ratio, so a thousandth of a rounding stands for it. */
function floor(value) {
  return Math.max(value, ROUNDING / 1e3);
}

function judge(pairs) {
  const logs = pairs.map(([original, result]) => Math.log(floor(result) / floor(original)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(logs.length - 1, 1);
  const error = Math.sqrt(variance / logs.length);
  const [original, result] = [0, 1].map((side) => geometricMean(pairs.map((pair) => floor(pair[side]))));
  const verdict = pairs.every(([original, result]) => original === result)
    ? "the same"
    : mean <= 0
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
/** A model that several folders hold is measured once. */
const once = new Map(
  folders
    .flatMap((folder) => modelsIn(`${root}${folder}`).map((path) => [folder.split("/").at(-1), folder, path]))
    .map(([kind, folder, path]) => [`${kind}${path.slice(root.length + folder.length)}`, path])
    .reverse(),
);
const paths = [...once]
  .reverse()
  .filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const rows = [];
const ratios = [];
for (const [name, path] of paths) {
  const seeds = Math.min(Number(seedCount), FEW_SEEDS[path.split("/").at(-1)] ?? Number(seedCount));
  const { pairs, weights, exact, reason } = await distances(path, seeds).catch((error) => ({
    reason: error.message,
  }));
  if (pairs === undefined || pairs.length === 0) {
    rows.push([name, "", "", "", "", reason ?? "no output of numbers"]);
    continue;
  }
  const { original, result, ratio, error, verdict } = judge(pairs);
  ratios.push(ratio);
  const farther = verdict.toLowerCase().startsWith("farther");
  const constants = farther ? exact()?.toExponential(1) : undefined;
  const told = [
    verdict,
    ...(constants === undefined ? [] : [`constants alone ${constants}`]),
    ...(weights > 0 ? [`${weights} weights drawn`] : []),
  ].join("; ");
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
