// npm run bench:check: what the check costs. Whole processes with and without it, in turn, on the models of the repository and
// those beside it; then networks whose single run takes seconds. RUNS=5 for more runs of each, ONLY=resnet for some of the
// models, HEAVY=0 to leave out the large ones. Ratios of one run mean something; seconds on a shared machine do not.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { saveModel } from "../dist/src/index.js";
import { median, runOnce, table } from "./measure.mjs";
import { resnet50 } from "./networks.mjs";
import { segmenter } from "./segmenter.mjs";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const roots = ["../models", "../../shared/models/real", "../../shared/models/zoo"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const runs = Number(process.env.RUNS ?? 3);
const only = process.env.ONLY ?? "";
const folder = mkdtempSync(join(tmpdir(), "normfold-bench-"));
const output = join(folder, "out.onnx");

/** The models under the folders; one of the same name is the same. */
function models() {
  const found = new Map();
  for (const root of roots.filter(existsSync)) {
    for (const name of readdirSync(root, { recursive: true }).sort()) {
      const key = relative(root, join(root, name)).split("/").slice(-2).join("/");
      const known = key.replace(/^(real|zoo|onnx)\//, "");
      if (name.endsWith(".onnx") && name.includes(only) && !found.has(known))
        found.set(known, join(root, name));
    }
  }
  return [...found];
}

function measured(path, times) {
  const samples = { checked: [], unchecked: [] };
  let status;
  for (let run = 0; run < times; run++) {
    for (const [kind, more] of [
      ["checked", []],
      ["unchecked", ["--no-check"]],
    ]) {
      const args = [cli, "optimize", path, "-o", output, "--quiet", ...more];
      const once = runOnce({ args, writes: [output], allowFailure: true });
      samples[kind].push(once.seconds);
      if (kind === "checked") status = once.status;
    }
  }
  return { status, checked: median(samples.checked), unchecked: median(samples.unchecked) };
}

const row = ({ name, status, checked, unchecked }) => [
  name,
  checked.toFixed(2),
  unchecked.toFixed(2),
  status === 0 ? (checked / unchecked).toFixed(2) : `exit ${status}`,
];
const HEAD = ["model", "checked, s", "unchecked, s", "ratio"];

try {
  const all = models().map(([name, path]) => ({ name, ...measured(path, runs) }));
  const proven = all.filter(({ status }) => status === 0);
  proven.sort((a, b) => b.checked / b.unchecked - a.checked / a.unchecked);
  const ratios = proven.map(({ checked, unchecked }) => checked / unchecked);
  const longest = proven.toSorted((a, b) => b.checked - a.checked)[0];
  console.log(
    `${all.length} models, ${proven.length} of them proven; medians of ${runs} whole processes each\n`,
  );
  table(HEAD, proven.slice(0, 12).map(row));
  console.log(`
median ratio ${median(ratios).toFixed(2)}, worst ${ratios[0]?.toFixed(2)} (${proven[0]?.name}); longest ${longest?.checked.toFixed(2)} s (${longest?.name})
not proven: ${all.flatMap(({ name, status }) => (status === 0 ? [] : [`${name} (exit ${status})`])).join(", ") || "none"}`);
  if (process.env.HEAVY !== "0" && only === "") {
    const heavy = [
      ["segmenter, float16, 1024x1024", segmenter("float16")],
      ["segmenter, quantized, 1024x1024", segmenter("quantized")],
      ["segmenter, float, 1024x1024", segmenter("float")],
      ["ResNet-50, float, 224x224", resnet50()],
    ];
    const rows = [];
    for (const [name, model] of heavy) {
      const path = join(folder, "heavy.onnx");
      await saveModel(model, path);
      rows.push(row({ name, ...measured(path, 1) }));
    }
    console.log("\nNetworks whose run takes long; one run each\n");
    table(HEAD, rows);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
