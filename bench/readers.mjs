// Which models other readers than onnxruntime read before and after optimize: OpenCV's dnn module, where a Python that has it is
// found (PYTHON says which), and onnxruntime-web. A model is read if it loads, runs, and gives onnxruntime's outputs.
//
//   --json     the findings as JSON
//   --only X   the models whose path holds X
//
// FOLDER reads the models of another folder. Exits with 1 where a reader has lost a model.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { check, loadModel, modelToBytes, NormfoldError, optimize } from "../dist/src/index.js";
import { compareTensors } from "../dist/src/runtime/compare.js";
import { probeFeeds } from "../dist/src/runtime/feeds.js";
import { describeInputs } from "../dist/src/runtime/inputs.js";
import { defaultRuntime } from "../dist/src/runtime/ort.js";
import { findModels } from "../scripts/compare-builds/models.mjs";
import { table } from "./measure.mjs";
import { openCv } from "./readers/opencv.mjs";
import { onnxruntimeWeb } from "./readers/web.mjs";

/** The share of the largest output by which a reader may differ from onnxruntime and still count as reading the model. */
const CLOSE = 1e-3;
/** The share by which its outputs may move with optimize before the check, which measures what it may be, is asked. */
const STILL = 1e-6;

const { values } = parseArgs({
  options: { json: { type: "boolean" }, only: { type: "string", default: "" } },
});
const root = fileURLToPath(new URL("..", import.meta.url));

/** Whole networks. The models of one operator have no rewrites to speak of. */
function modelFiles() {
  const own = ["models", "../shared/models"].map((place) => join(root, place));
  const places = process.env.FOLDER === undefined ? own : [process.env.FOLDER];
  return findModels(places.filter(existsSync)).filter(
    ({ path }) => !path.includes("onnx-node") && path.includes(values.only),
  );
}

/** Inputs on which onnxruntime runs the model, and its outputs. */
async function dataFor(path, model) {
  const session = await (await defaultRuntime()).open({ kind: "path", path });
  try {
    const [probe] = await probeFeeds(session, describeInputs(model), { seed: 0 });
    return { name: "normal", feeds: probe.set.feeds, expected: probe.outputs };
  } finally {
    await session.close();
  }
}

/** What a reader gives on the data, or in one line why it gives nothing. */
async function outputsOf(reader, model, { feeds, expected }) {
  let session;
  try {
    session = await reader.open(model);
    return { outputs: await session.run(feeds, [...expected.keys()]) };
  } catch (error) {
    if (error instanceof NormfoldError) return { reason: error.message };
    throw error;
  } finally {
    await session?.close();
  }
}

/** Why the outputs are not these, or undefined. */
function differenceOf(wanted, given, share) {
  for (const [name, tensor] of wanted) {
    const { mismatch, maxAbsolute, scale, nonFinite, differing, dtype } = compareTensors(
      tensor,
      given.get(name),
    );
    if (mismatch !== undefined) return mismatch;
    const isExact = dtype === "string";
    if (nonFinite > 0 || (isExact ? differing > 0 : !(maxAbsolute <= share * scale)))
      return `${name} is off by ${maxAbsolute}`;
  }
  return undefined;
}

/** Why the reader does not read the original (`before`) or, if it does, the result (`after`). */
async function finding(reader, original, result, data) {
  const first = await outputsOf(reader, original.file, data);
  const before = first.reason ?? differenceOf(data.expected, first.outputs, CLOSE);
  if (before !== undefined) return { before };
  const second = await outputsOf(reader, result.file, data);
  if (second.reason !== undefined) return { after: second.reason };
  if (differenceOf(first.outputs, second.outputs, STILL) === undefined) return {};
  const report = await check(original.model, result.model, { runtime: reader, data: [data] });
  return report.status === "equal" ? {} : { after: report.reason };
}

/** The findings on a model by reader; undefined where onnxruntime does not run it. */
async function examine(readers, { name, path }) {
  try {
    const model = await loadModel(path);
    const data = await dataFor(path, model);
    const optimized = (await optimize(model, { check: false })).model;
    const original = { model, file: { kind: "path", path } };
    const result = { model: optimized, file: { kind: "bytes", bytes: modelToBytes(optimized) } };
    const findings = await Promise.all(
      readers.map(async (reader) => [reader.name, await finding(reader, original, result, data)]),
    );
    return { name, findings: Object.fromEntries(findings) };
  } catch (error) {
    if (error instanceof NormfoldError) return undefined;
    throw error;
  }
}

const readers = [await openCv(), onnxruntimeWeb()].filter((reader) => reader !== undefined);
const results = [];
for (const file of modelFiles()) {
  const result = await examine(readers, file);
  if (result !== undefined) results.push(result);
}
for (const reader of readers) reader.close();

const summaries = readers.map(({ name, version }) => {
  const found = results.map((result) => ({ model: result.name, ...result.findings[name] }));
  const unread = found.filter(({ before }) => before !== undefined);
  const lost = found.filter(({ after }) => after !== undefined);
  return { reader: name, version, models: found.length, read: found.length - unread.length, unread, lost };
});
if (values.json) console.log(JSON.stringify(summaries));
else {
  table(
    ["reader", "version", "models", "read before", "read after optimize", "lost"],
    summaries.map(({ reader, version, models, read, lost }) => [
      reader,
      version,
      models,
      read,
      read - lost.length,
      lost.map(({ model, after }) => `${basename(model, ".onnx")}: ${after}`).join("; "),
    ]),
  );
}
if (summaries.some(({ lost }) => lost.length > 0)) process.exitCode = 1;
