// The models to compare on, and the jobs: one job is one setting on one model.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

/** For models of one node, of which there are many: every operator's rewrites, conversions and gradient. */
const OPERATOR = ["optimize", "optimize to opset 24", "differentiate"];

/** Settings that need no more than a moment for most models; child.mjs defines them. */
const UNCHECKED = [
  ...OPERATOR,
  "optimize to opset 21",
  "optimize, initializers frozen",
  "optimize, functions inlined",
  "insert",
  "insert everywhere, training form",
  "insert, decomposed",
  "insert identity",
  "freeze",
  "freeze what was inserted",
  "prepare",
  "training step, cross-entropy",
  "training step, mse",
];

const CHECKED = "optimize, checked";

const SECONDS = 60;
const CHECKED_SECONDS = 180;

/**
 * All .onnx files below the folders, sorted. A file with the same path and content in two folders is used once, because a
 * checkout carries copies of some shared models.
 */
export function findModels(folders) {
  const found = new Map();
  for (const folder of folders.map((path) => resolve(path))) {
    const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".onnx"));
    for (const path of files.map((file) => join(folder, file)).sort()) {
      const name = relative(folder, path).split(sep).join("/");
      const key = `${name} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
      if (!found.has(key)) found.set(key, { name, path });
    }
  }
  return [...found.values()];
}

export function jobsOf(models, { checked }) {
  return models.flatMap(({ name, path }) => {
    const settings = isOperatorTest(path) ? OPERATOR : UNCHECKED;
    const jobs = settings.map((setting) => ({ setting, name, path, seconds: SECONDS }));
    if (checked && !isOperatorTest(path)) {
      jobs.push({ setting: CHECKED, name, path, seconds: CHECKED_SECONDS });
    }
    return jobs;
  });
}

function isOperatorTest(path) {
  return path.split(sep).includes("onnx-node");
}
