// Runs in a process of its own for one build: takes jobs, one after the other, and answers each with a digest of its result.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { randomDataset } from "./data.mjs";

const checkout = process.argv[2];
const open = (door) => import(pathToFileURL(join(checkout, "dist/src", door)).href);
const { loadModel, modelToBytes, optimize } = await open("index.js");
const train = await open("train.js");

/** Each gives the resulting model and its report, as plain data. */
const SETTINGS = {
  optimize: (model) => optimized(model, { check: false }),
  "optimize to opset 21": (model) => optimized(model, { check: false, opset: 21 }),
  "optimize to opset 24": (model) => optimized(model, { check: false, opset: 24 }),
  "optimize, initializers frozen": (model) => optimized(model, { check: false, freezeInitializers: true }),
  "optimize, functions inlined": (model) => optimized(model, { check: false, inlineFunctions: true }),
  "optimize, checked": (model) => optimized(model, {}),
  insert: (model) => train.insertBatchNorm(model, { init: "fresh" }),
  "insert everywhere, training form": (model) => train.insertBatchNorm(model, EVERYWHERE),
  "insert, decomposed": (model) => train.insertBatchNorm(model, DECOMPOSED),
  "insert identity": (model) => insertedIdentity(model),
  freeze: (model) => train.freeze(model),
  "freeze what was inserted": async (model) =>
    train.freeze((await train.insertBatchNorm(model, DECOMPOSED)).model),
  prepare: (model) => train.prepare(model, "batchnorm-paper"),
  differentiate: (model) => ({ model: differentiated(model), report: {} }),
  "training step, cross-entropy": (model) =>
    trainingStep(model, { loss: { kind: "cross-entropy" }, optimizer: { kind: "adamw" } }),
  "training step, mse": (model) =>
    trainingStep(model, { loss: { kind: "mse" }, optimizer: { kind: "momentum" }, clipNorm: 1 }),
};

const DECOMPOSED = { init: "fresh", form: "training", decompose: true };
const EVERYWHERE = {
  init: "fresh",
  form: "training",
  residual: "sum",
  gates: true,
  outputs: true,
  bodies: true,
  recurrent: true,
};

const FLOATS = new Set(["float", "double", "float16", "bfloat16"]);

process.on("message", async (job) => process.send(await digest(job)));
process.on("disconnect", () => process.exit());
process.send("ready");

async function digest({ setting, path }) {
  try {
    const original = await loadModel(path);
    const { model, report } = await SETTINGS[setting](original);
    const bytes = modelToBytes(model);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { outcome: "done", bytes: { length: bytes.length, sha256 }, report };
  } catch (error) {
    const { name, code, message } = error;
    return { outcome: "error", error: { name, code, message } };
  }
}

/** Of the check only its verdict: distances are the runtime's, which may sum in another order every time. */
async function optimized(model, options) {
  const { model: result, report } = await optimize(model, options);
  const { before, after, rewrites, refusals, rolledBack, rounds, check } = report;
  return {
    model: result,
    report: { before, after, rewrites, refusals, rolledBack, rounds, check: check?.status },
  };
}

/** One thread: with several, a sum may be rounded in another way each time. */
function insertedIdentity(model) {
  const data = train.tensorDataset(randomDataset(train.inputSlots(model)));
  return train.insertBatchNorm(model, { init: "identity", data, check: false, threads: 1 });
}

/** The first output by all weights, or by the inputs of a model without. */
function differentiated(model) {
  const { inputs, outputs, initializers } = model.graph;
  const weights = [...initializers].filter(({ tensor }) => FLOATS.has(tensor?.dtype));
  const sources = weights.length > 0 ? weights : inputs.filter(({ type }) => FLOATS.has(type?.dtype));
  return train.differentiate(model, { of: outputs[0]?.name ?? "", wrt: sources.map(({ name }) => name) });
}

/** The names that a caller works with; the state's tensors are in the model. */
function trainingStep(model, options) {
  const step = train.buildTrainingStep(model, options);
  const { inputs, labels, classes, hyperparameters, outputs } = step;
  return { model: step.model, report: { inputs, labels, classes, hyperparameters, outputs } };
}
