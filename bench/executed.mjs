// npm run bench:executed: the nodes that onnxruntime executes, of each network and of its result, and the operators that it has
// fused. It fuses when it loads a model, so that a file with fewer nodes can be the slower one; unlike a latency this is a figure
// without noise. The networks are those of test/networks/exports, as PyTorch's exporters write them.
// MODELS=1 for the models of the repository instead, FOLDER for those of another folder, ONLY=swin for networks with that in
// their name, TARGET=any for --target any.
// RECORD=1 writes what the peers' results execute (onnxsim from npm, Python's where PYTHON has them) into executed-peers.json.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, modelToBytes, optimize } from "../dist/src/index.js";
import { executedNodes, fusedOperators, total } from "./executed-nodes.mjs";
import { table } from "./measure.mjs";
import { fetchOnnxsim, isInstalled, ONNXSIM, PYTHON, PYTHON_PEERS } from "./other-simplifiers.mjs";

const target = process.env.TARGET ?? "onnxruntime";
const only = (process.env.ONLY ?? "").toLowerCase();
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const record = here("executed-peers.json");
/** Seconds after which a peer has failed. */
const LIMIT = 20;

/** { name, load } of each network. */
async function networks() {
  if (process.env.MODELS === undefined && process.env.FOLDER === undefined) {
    const { EXPORTS } = await import("./exports.mjs");
    return EXPORTS.map(({ name, build }) => ({ name, load: build }));
  }
  const root = process.env.FOLDER ?? here("../models");
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith(".onnx"))
    .sort()
    .map((name) => ({
      name: name.replace(/(?:\/model)?\.onnx$/, ""),
      path: join(root, name),
      load: () => loadModel(join(root, name)),
    }));
}

/** What the results of the peers execute. */
function peersOf(folder) {
  const simplify = fetchOnnxsim(folder);
  const peers = [
    { name: "onnxsim", command: process.execPath, args: [simplify] },
    ...Object.entries(PYTHON_PEERS)
      .filter(([name, script]) => name !== "onnxruntime basic" && isInstalled(script))
      .map(([name, script]) => ({ name, command: PYTHON, args: ["-c", script] })),
  ];
  return async (bytes) => {
    const [from, to] = [join(folder, "from.onnx"), join(folder, "to.onnx")];
    writeFileSync(from, bytes);
    const executed = {};
    for (const { name, command, args } of peers) {
      rmSync(to, { force: true });
      // One in eight runs of onnxsim never ends.
      for (let run = 0; run < 3 && !existsSync(to); run++)
        spawnSync(command, [...args, from, to], { timeout: LIMIT * 1000, stdio: "ignore" });
      executed[name] = existsSync(to) ? total(await executedNodes(to)) : null;
    }
    return executed;
  };
}

const folder = mkdtempSync(join(tmpdir(), "normfold-peers-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const measurePeers = process.env.RECORD === undefined ? undefined : peersOf(folder);
const recorded = JSON.parse(existsSync(record) ? readFileSync(record, "utf8") : '{ "networks": {} }');

const rows = [];
const sums = [0, 0];
const [worse, behind, lost] = [[], [], []];
for (const { name, path, load } of await networks()) {
  if (!name.toLowerCase().includes(only)) continue;
  try {
    const original = await load();
    // Weights in files of their own are found from the model's path.
    const before = await executedNodes(path ?? (await modelToBytes(original)));
    const { model, report } = await optimize(original, { check: false, target });
    const after = await executedNodes(await modelToBytes(model));
    if (measurePeers !== undefined)
      recorded.networks[name] = await measurePeers(await modelToBytes(await load()));
    const [own, result] = [total(before), total(after)];
    const peers = Object.entries(recorded.networks[name] ?? {}).filter(([, count]) => count !== null);
    const best = Math.min(...peers.map(([, count]) => count));
    if (result > own) worse.push(name);
    if (result > best) behind.push(`${name} (${best})`);
    sums[0] += own;
    sums[1] += result;
    const [had, has] = [fusedOperators(before), fusedOperators(after)];
    const kinds = [...new Set([...had.keys(), ...has.keys()])].sort();
    const fewer = kinds.filter((kind) => (has.get(kind) ?? 0) < (had.get(kind) ?? 0));
    if (fewer.length > 0) lost.push(name);
    const count = (kind) => [had.get(kind) ?? 0, has.get(kind) ?? 0];
    rows.push([
      name,
      `${report.before.nodes} → ${report.after.nodes}`,
      `${own} → ${result}`,
      kinds.map((kind) => `${kind} ${[...new Set(count(kind))].join(" → ")}`).join(", "),
      peers.map(([peer, executed]) => `${peer} ${executed}`).join(", "),
    ]);
  } catch (error) {
    console.error(`${name}: not counted: ${error.message.split("\n")[0]}`);
  }
}
table(["network", "nodes", "executed", "fused by onnxruntime", "executed of peers' results"], rows);
console.log(`
Executed nodes: ${sums[0]} → ${sums[1]} on ${rows.length} networks.
More than the original: ${worse.join(", ") || "none"}.
More than a peer's result: ${behind.join(", ") || "none"}.
With fewer of a fused operator: ${lost.join(", ") || "none"}.`);
if (measurePeers !== undefined) {
  const about = `Nodes that onnxruntime executes of each peer's result, written by RECORD=1 npm run bench:executed: onnxsim npm ${ONNXSIM}, and the Python packages that were installed; null: failed, or did not finish in ${LIMIT} s.`;
  writeFileSync(record, `${JSON.stringify({ about, networks: recorded.networks }, null, 2)}\n`);
}
process.exit(0);
