// normfold beside the other simplifier for JavaScript, onnxsim's WebAssembly build: nodes, bytes, seconds and memory from
// whole processes, in turn, in one run. Its package is fetched into a temporary folder; it is no dependency.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, summarize } from "../dist/src/index.js";
import { median, runOnce, table } from "./measure.mjs";

const VERSION = "0.7.3";
const TIMEOUT = 60_000;
const RUNS = Number(process.env.RUNS ?? 3);
const root = fileURLToPath(new URL("..", import.meta.url));
const cli = join(root, "dist/cli/main.js");

const folder = mkdtempSync(join(tmpdir(), "normfold-simplifiers-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
const npm = spawnSync(
  "npm",
  ["install", "--ignore-scripts", "--no-audit", "--no-fund", `onnxsim@${VERSION}`],
  { cwd: folder, encoding: "utf8" },
);
if (npm.status !== 0) {
  console.error(`onnxsim@${VERSION} cannot be fetched from npm; nothing was measured\n${npm.stderr}`);
  process.exit(1);
}
writeFileSync(
  join(folder, "simplify.mjs"),
  `import { readFileSync, writeFileSync } from "node:fs";
import { simplify } from "onnxsim";
const [from, to] = process.argv.slice(2);
const { model } = await simplify(readFileSync(from));
writeFileSync(to, model);
process.exit(0);
`,
);

const models = [
  ...["models/zoo", "../shared/models/zoo"].flatMap((place) => {
    const path = join(root, place);
    return existsSync(path)
      ? readdirSync(path)
          .filter((name) => name.endsWith(".onnx"))
          .map((name) => join(path, name))
      : [];
  }),
  ...["models/onnx/light_resnet50", "models/onnx/light_inception_v2"].map((name) =>
    join(root, name, "model.onnx"),
  ),
].filter(
  (path, index, all) =>
    existsSync(path) &&
    all.findIndex(
      (other) => basename(other) === basename(path) && other.split("/").at(-2) === path.split("/").at(-2),
    ) === index,
);
mkdirSync(join(folder, "out"));

const rows = [];
const [ratios, memories, losses] = [[], [], []];
for (const path of models.slice(0, Number(process.env.MODELS ?? models.length))) {
  const name = basename(path) === "model.onnx" ? path.split("/").at(-2) : basename(path, ".onnx");
  const [ours, theirs] = [join(folder, "out/ours.onnx"), join(folder, "out/theirs.onnx")];
  const commands = [
    { args: [cli, "optimize", path, "-o", ours, "-q", "--no-check"], writes: [ours], file: ours },
    { args: [join(folder, "simplify.mjs"), path, theirs], writes: [theirs], file: theirs },
  ];
  const samples = commands.map(() => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, command] of commands.entries())
      samples[i].push(runOnce({ ...command, allowFailure: true, timeout: TIMEOUT }));
  }
  const results = await Promise.all(
    commands.map(async ({ file }, i) => {
      const done = samples[i].filter(({ status }) => status === 0);
      if (done.length === 0 || !existsSync(file)) return undefined;
      const { nodes } = summarize(await loadModel(file));
      return {
        nodes,
        bytes: statSync(file).size,
        seconds: median(done.map((s) => s.seconds)),
        megabytes: median(done.map((s) => s.megabytes)),
        failed: samples[i].length - done.length,
      };
    }),
  );
  const [a, b] = results;
  const cells = (result) =>
    result === undefined
      ? ["failed", "", "", ""]
      : [
          result.nodes,
          (result.bytes / 1e6).toFixed(2),
          result.seconds.toFixed(2),
          Math.round(result.megabytes ?? 0),
        ];
  rows.push([
    name,
    ...cells(a),
    ...cells(b),
    b === undefined || a === undefined ? "" : `${(b.seconds / a.seconds).toFixed(1)}x`,
  ]);
  if (a === undefined) losses.push(`${name}: ours failed`);
  if (a !== undefined && b !== undefined) {
    ratios.push(b.seconds / a.seconds);
    memories.push(a.megabytes / b.megabytes);
    if (a.nodes > b.nodes) losses.push(`${name}: ${a.nodes} nodes, and ${b.nodes} with onnxsim`);
  }
}
table(["model", "nodes", "MB", "s", "peak MB", "onnxsim: nodes", "MB", "s", "peak MB", "faster"], rows);
const failed = rows.filter((row) => row[5] === "failed").length;
console.log(
  `\nonnxsim ${VERSION} failed, or did not finish in ${TIMEOUT / 1000} s, on ${failed} of ${rows.length} models.`,
);
console.log(
  `Where both finish: normfold is ${median(ratios).toFixed(1)} times faster (median; least ${Math.min(...ratios).toFixed(1)}), with ${median(memories).toFixed(2)} times its memory.`,
);
console.log(
  `Models on which it leaves more nodes: ${losses.length}.${losses.length > 0 ? ` ${losses.join("; ")}` : ""}`,
);
if (losses.length > 0 || median(ratios) < 10) process.exitCode = 1;
