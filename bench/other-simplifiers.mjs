// The other simplifiers that benches run: onnxsim's WebAssembly build from npm, fetched into a folder and no dependency, and
// the Python ones where PYTHON (python3) has them.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const ONNXSIM = "0.7.3";
export const PYTHON = process.env.PYTHON ?? "python3";

/** Fetches onnxsim into the folder; the program to run there, with the model's file and the result's as arguments. */
export function fetchOnnxsim(folder) {
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  const npm = spawnSync(
    "npm",
    ["install", "--ignore-scripts", "--no-audit", "--no-fund", `onnxsim@${ONNXSIM}`],
    { cwd: folder, encoding: "utf8" },
  );
  if (npm.status !== 0) {
    console.error(`onnxsim@${ONNXSIM} cannot be fetched from npm; nothing was measured\n${npm.stderr}`);
    process.exit(1);
  }
  const program = join(folder, "simplify.mjs");
  writeFileSync(
    program,
    `import { readFileSync, writeFileSync } from "node:fs";
import { simplify } from "onnxsim";
const [from, to] = process.argv.slice(2);
const { model } = await simplify(readFileSync(from));
writeFileSync(to, model);
process.exit(0);
`,
  );
  return program;
}

/** The program that calls each Python package, with the model's file and the result's as arguments. */
export const PYTHON_PEERS = {
  "onnxruntime basic": `import sys, onnxruntime as o
s = o.SessionOptions(); s.log_severity_level = 4
s.graph_optimization_level = o.GraphOptimizationLevel.ORT_ENABLE_BASIC
s.optimized_model_filepath = sys.argv[2]
o.InferenceSession(sys.argv[1], s, providers=["CPUExecutionProvider"])`,
  OnnxSlim: `import sys, onnx, onnxslim
onnx.save(onnxslim.slim(onnx.load(sys.argv[1])), sys.argv[2])`,
  onnxscript: `import sys, onnx, onnxscript.optimizer
onnx.save(onnxscript.optimizer.optimize(onnx.load(sys.argv[1])), sys.argv[2])`,
};

/** Whether PYTHON has what the program imports. */
export function isInstalled(script) {
  const imports = script.split("\n")[0];
  return spawnSync(PYTHON, ["-c", imports], { timeout: 60_000 }).status === 0;
}
