// npm run bench:executed: the nodes that onnxruntime executes, of each model and of its result. It fuses operators when it
// loads a model, so that a file with fewer nodes can be the slower one; unlike a latency this is a figure without noise.
// FOLDER for the models of another folder, ONLY=resnet for models with that in their path, TARGET=any for --target any.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, modelToBytes, optimize } from "../dist/src/index.js";
import { executedNodes, total } from "./executed-nodes.mjs";
import { table } from "./measure.mjs";

const root = process.env.FOLDER ?? fileURLToPath(new URL("../models", import.meta.url));
const target = process.env.TARGET ?? "onnxruntime";
const files = readdirSync(root, { recursive: true })
  .filter((name) => name.endsWith(".onnx") && name.includes(process.env.ONLY ?? ""))
  .sort();

const rows = [];
const sums = [0, 0];
const worse = [];
for (const file of files) {
  try {
    const path = join(root, file);
    const original = await loadModel(path);
    const before = await executedNodes(path);
    const { model, report } = await optimize(original, { check: false, target });
    const after = await executedNodes(await modelToBytes(model));
    const [own, result] = [total(before), total(after)];
    if (result > own) worse.push(file);
    sums[0] += own;
    sums[1] += result;
    const lost = [...before].filter(([name, count]) => name.includes(".") && (after.get(name) ?? 0) < count);
    rows.push([
      file.replace(/(?:\/model)?\.onnx$/, ""),
      `${report.before.nodes} → ${report.after.nodes}`,
      `${own} → ${result}`,
      lost.map(([name, count]) => `${name.split(".").at(-1)} ${count} → ${after.get(name) ?? 0}`).join(", "),
    ]);
  } catch (error) {
    console.error(`${file}: not counted: ${error.message.split("\n")[0]}`);
  }
}
table(["model", "nodes", "executed", "fewer of onnxruntime's own operators"], rows);
console.log(`
Executed nodes: ${sums[0]} → ${sums[1]} on ${rows.length} models.
More than the original: ${worse.length === 0 ? "none" : worse.join(", ")}.`);
process.exit(0);
