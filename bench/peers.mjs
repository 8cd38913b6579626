// npm run bench:peers: nodes (BatchNormalizations) that normfold leaves, measured now, beside the recorded
// numbers of its peers (peers.json says when and how they were measured).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadModel, optimize } from "../dist/src/index.js";
import { table } from "./measure.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { about, models } = JSON.parse(readFileSync(here("peers.json"), "utf8"));
const cell = (pair) =>
  pair === undefined ? "not recorded" : pair === null ? "failed" : `${pair[0]} (${pair[1]})`;

const rows = [];
const behind = { nodes: 0, normalizations: 0 };
for (const [file, peers] of Object.entries(models)) {
  const { report } = await optimize(await loadModel(here(`../models/${file}`)));
  const { before, after, check } = report;
  const others = Object.values(peers).filter((pair) => pair !== null);
  if (after.nodes > Math.min(...others.map(([nodes]) => nodes))) behind.nodes++;
  if (after.batchNormalizations > Math.min(...others.map(([, count]) => count))) behind.normalizations++;
  rows.push([
    file.replace(".onnx", ""),
    `${before.nodes} (${before.batchNormalizations})`,
    `${after.nodes} (${after.batchNormalizations})${check?.status === "equal" ? "" : ` ${check?.status}`}`,
    ...["onnxruntime", "OnnxSlim", "onnxscript", "onnxsim"].map((name) => cell(peers[name])),
  ]);
}
table(
  ["model: nodes (BatchNorm)", "original", "normfold", "onnxruntime", "OnnxSlim", "onnxscript", "onnxsim"],
  rows,
);
console.log(
  `\nOf ${rows.length} models a peer leaves fewer BatchNormalizations on ${behind.normalizations}, fewer nodes on ${behind.nodes}.`,
);
console.log(about);
