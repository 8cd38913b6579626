// npm run bench:round-trips [names...]: BatchNormalization into every place of every model at hand, on data that the
// model runs on, with the parameters that change nothing; then optimized, frozen before or as it is. Reports how far
// the outputs move and how many nodes are left; then, with parameters that do change the function, which nodes stay.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  check,
  cloneModel,
  loadModel,
  modelToBytes,
  optimize,
  tensorFromNumbers,
} from "../dist/src/index.js";
import { createChecker } from "../dist/src/runtime/check.js";
import { describeInputs } from "../dist/src/runtime/inputs.js";
import { defaultRuntime } from "../dist/src/runtime/ort.js";
import { freeze, insertBatchNorm } from "../dist/src/train.js";
import { table } from "./measure.mjs";
import { randomize } from "./weights.mjs";

const pathOf = (folder) => fileURLToPath(new URL(`../${folder}`, import.meta.url));

/** All options that add places to the insertion. */
const EVERYWHERE = { outputs: true, gates: true, bodies: true, recurrent: true };

/** Evaluating in float64 takes some hundred times as long as a run. */
const REFERENCE_LIMIT = 60;

function modelsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".onnx"))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
}

const counted = (model) => [...model.nodes()].filter((node) => !node.is("Constant") && !node.is("Identity"));
const nodesOf = (model) => counted(model).length;

/** Several batches, because some models fix their batch to one sample, which has no variance by itself. */
const BATCHES = 4;

/** Inputs that the model runs on, several sets; models that cannot be fed, or whose outputs cannot be compared, have none. */
async function dataFor(model) {
  const report = await check(model, model);
  if (report.status !== "equal") return { reason: report.reason ?? "nothing it gives can be compared" };
  const batches = [];
  for (let seed = 0; seed < BATCHES; seed++) {
    const checker = await createChecker(
      { kind: "bytes", bytes: modelToBytes(model) },
      { runtime: await defaultRuntime(), seed, inputs: describeInputs(model) },
    );
    // The second set is ten times as large, on which some give infinities.
    batches.push(checker.sets[0].feeds);
    await checker.close();
  }
  return {
    data: {
      size: undefined,
      fields: [...batches[0]].map(([name, { dtype }]) => ({ name, dtype, shape: undefined })),
      async *batches({ limit = Number.POSITIVE_INFINITY }) {
        for (const tensors of batches.slice(0, limit)) yield { size: 1, tensors };
      },
      close: async () => {},
    },
  };
}

async function milliseconds(model, data) {
  const session = await (await defaultRuntime()).open({ kind: "bytes", bytes: modelToBytes(model) });
  const start = performance.now();
  for await (const { tensors } of data.batches({ limit: 1 })) await session.run(tensors);
  await session.close();
  return performance.now() - start;
}

/** Below this an output is all denormal numbers, of which each is a rounding. */
const NOTHING = 1e-30;

/** The largest difference of an output, in units of its own largest magnitude. */
function worstOf({ sets }) {
  const outputs = sets.flatMap((set) => set.outputs).filter(({ verdict }) => verdict !== "unjudged");
  const distances = outputs.map(({ comparison: { maxAbsolute, scale } }) =>
    scale > NOTHING ? maxAbsolute / scale : maxAbsolute,
  );
  return Math.max(0, ...distances);
}

function referenceOf(accuracy) {
  if (accuracy === undefined) return "";
  if (accuracy.refused !== undefined) return "none";
  const sides = ["original", "result"].map((side) =>
    Math.max(
      0,
      ...accuracy.sets.flatMap(({ outputs }) =>
        outputs.map((output) => (output.magnitude > NOTHING ? (output[side]?.max ?? 0) : 0)),
      ),
    ),
  );
  return sides.map((value) => value.toExponential(1)).join(" / ");
}

async function sitesOf(model) {
  return (await insertBatchNorm(model, { ...EVERYWHERE, dryRun: true })).report.sites.length;
}

/** The model as it is, and optimized where that has more places. */
async function variantsOf(found) {
  const { model: prepared } = await optimize(found, { check: false });
  const [asFound, asOptimized] = [await sitesOf(found), await sitesOf(prepared)];
  return [
    ...(asFound > 0 ? [["", found, asFound]] : []),
    ...(asOptimized > asFound ? [[", optimized first", prepared, asOptimized]] : []),
  ];
}

async function roundTrip(model) {
  const { data, reason } = await dataFor(model);
  if (data === undefined) return { reason };
  const reference = (await milliseconds(model, data)) < REFERENCE_LIMIT;
  const inserted = await insertBatchNorm(model, { ...EVERYWHERE, data, batchSize: 1, reference });
  // Weights that callers may override take nothing in.
  const options = { freezeInitializers: true };
  const plain = await optimize(model, options);
  const back = await optimize(freeze(inserted.model).model, options);
  const unfrozen = await optimize(inserted.model, { ...options, check: false });
  const proofs = [await check(model, back.model), await check(model, unfrozen.model)];
  const nodes = [model, plain.model, inserted.model, back.model, unfrozen.model].map(nodesOf);
  const trained = await optimize(asTrained(model, inserted.model), options);
  const faults = [
    inserted.report.check.status === "equal" ? "" : `inserted: ${inserted.report.check.reason}`,
    ...proofs.map(({ status, reason }, i) =>
      status === "equal" ? "" : `optimized${i === 0 ? "" : ", not frozen"}: ${reason}`,
    ),
    Math.max(nodes[3], nodes[4]) <= nodes[1] ? "" : "more nodes",
    trained.report.check.status === "differs" ? "as trained: folding changes the outputs" : "",
  ].filter((fault) => fault !== "");
  return {
    moved: [worstOf(inserted.report.check), Math.max(...proofs.map(worstOf))],
    reference: referenceOf(inserted.report.accuracy),
    nodes,
    stays: differenceOf(plain.model, trained.model),
    faults,
  };
}

/**
 * Gives the inserted normalizations parameters as training leaves them: every other channel a tenth larger, the rest
 * smaller, and all shifted by a tenth of their deviation. The model's own normalizations stay.
 */
function asTrained(model, inserted) {
  const copy = cloneModel(inserted);
  const own = new Set(
    [...model.graphs()].flatMap((graph) => [...graph.initializers].map(({ name }) => name)),
  );
  const vector = ({ dtype, dims }, numbers) => tensorFromNumbers(dtype, dims, numbers);
  for (const node of copy.nodes()) {
    const [scale, bias] = [node.input(1), node.input(2)];
    if (!node.is("BatchNormalization") || own.has(scale?.name) || !scale?.tensor || !bias?.tensor) continue;
    const gamma = scale.tensor.toFloat64();
    const beta = bias.tensor.toFloat64();
    scale.tensor = vector(
      scale.tensor,
      gamma.map((value, c) => value * (c % 2 === 0 ? 1.1 : 0.9)),
    );
    bias.tensor = vector(
      bias.tensor,
      beta.map((value, c) => value + gamma[c] / 10),
    );
  }
  return freeze(copy).model;
}

/** The operators that one model has more or fewer of than another: "Add +1". */
function differenceOf(from, to) {
  const more = new Map();
  for (const [model, sign] of [
    [from, -1],
    [to, 1],
  ]) {
    for (const { opType } of counted(model)) more.set(opType, (more.get(opType) ?? 0) + sign);
  }
  const changed = [...more].filter(([, count]) => count !== 0).sort();
  return changed.map(([opType, count]) => `${opType} ${count > 0 ? "+" : ""}${count}`).join(", ");
}

const wanted = process.argv.slice(2);
// The repository's own models are copies of some of the shared ones.
const folder = ["../shared/models", "models"].map(pathOf).find(existsSync);
const paths = modelsIn(folder)
  .map((path) => [path.slice(folder.length + 1), path])
  .filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const [rows, skipped] = [[], []];
let failed = 0;
for (const [name, path] of paths) {
  const loaded = await loadModel(path).catch((error) => error);
  if (loaded instanceof Error) {
    skipped.push(`${name}: ${loaded.message}`);
    continue;
  }
  if (name.includes("light_")) randomize(loaded, 1);
  for (const [suffix, model, sites] of await variantsOf(loaded)) {
    // An error from here on is a failure of normfold, because the model runs.
    const { reason, moved, reference, nodes, stays, faults } = await roundTrip(model).catch((error) => ({
      moved: [],
      nodes: [],
      faults: [error.message],
    }));
    if (reason !== undefined) {
      skipped.push(`${name}${suffix} (${sites} sites): ${reason}`);
      continue;
    }
    if (faults.length > 0) failed++;
    rows.push([
      `${name}${suffix}`,
      sites,
      ...[0, 1].map((i) => moved[i]?.toExponential(1) ?? ""),
      reference ?? "",
      nodes.join(" "),
      stays ?? "",
      faults.join("; "),
    ]);
    if (process.env.NORMFOLD_PROGRESS) console.error(rows.at(-1).join("  "));
  }
}
table(
  [
    "model",
    "sites",
    "inserted",
    "and optimized",
    "from float64, original / inserted",
    "nodes: original, optimized, inserted, frozen and optimized, optimized",
    "more where it does something",
    "",
  ],
  rows,
);
const sites = rows.reduce((sum, row) => sum + row[1], 0);
console.log(
  `\n${rows.length} round trips through ${sites} sites, ${failed} failed. Not taken: ${skipped.length}`,
);
for (const line of skipped) console.log(`  ${line}`);
process.exitCode = failed > 0 ? 1 : 0;
