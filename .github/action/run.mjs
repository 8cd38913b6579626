// The step of action.yml: optimizes the models of a workspace. The command says what came of it in annotations and in the summary of
// the job; this script gives the outputs. It needs Node and npm, which GitHub's runners have, and nothing else.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const { env } = process;
const workspace = env.GITHUB_WORKSPACE ?? process.cwd();
const cwd = resolve(workspace, env.INPUT_WORKING_DIRECTORY || ".");
const scratch = mkdtempSync(join(env.RUNNER_TEMP ?? tmpdir(), "normfold-"));

/** The words of an input, one a line. */
function lines(name) {
  const all = (env[name] ?? "").split("\n").map((line) => line.trim());
  return all.filter((line) => line !== "" && !line.startsWith("#"));
}

/** The program of the command: the workspace's own version, which its lock file holds, or one that is installed now. */
function programOf(folder) {
  const manifest = join(folder, "node_modules/normfold/package.json");
  if (!existsSync(manifest)) return undefined;
  return join(folder, "node_modules/normfold", JSON.parse(readFileSync(manifest, "utf8")).bin.normfold);
}

function install(version) {
  const what = /^[\w.^~-]+$/.test(version) ? `normfold@${version}` : version;
  const args = ["install", "--prefix", scratch, "--no-audit", "--no-fund", "--loglevel=error", "--", what];
  const { status } = spawnSync(process.platform === "win32" ? "npm.cmd" : "npm", args, {
    cwd: scratch,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
    // onnxruntime's install script downloads a CUDA build that is not used.
    env: { ...env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
  return status === 0 ? programOf(scratch) : undefined;
}

function output(name, value) {
  if (env.GITHUB_OUTPUT) appendFileSync(env.GITHUB_OUTPUT, `${name}=${value}\n`);
}

const program = programOf(cwd) ?? programOf(workspace) ?? install(env.INPUT_VERSION || "latest");
if (program === undefined) {
  console.log("::error::normfold cannot be installed; see the lines above");
  process.exit(1);
}
const report = join(scratch, "report.json");
const args = ["optimize", ...lines("INPUT_MODELS"), "--out-dir", env.INPUT_OUT_DIR || "optimized"];
const { status } = spawnSync(
  process.execPath,
  [program, ...args, ...lines("INPUT_ARGS"), "--reporter=github", `--reporter=json=${report}`],
  { cwd, stdio: ["ignore", "inherit", "inherit"] },
);
if (existsSync(report)) {
  output("report", report);
  // A call that makes no sense has none.
  const { summary } = JSON.parse(readFileSync(report, "utf8"));
  for (const name of ["models", "optimized", "missed", "failed"]) output(name, summary?.[name] ?? 0);
  for (const name of ["nodes", "bytes"]) {
    output(`${name}-before`, summary?.[name].before ?? 0);
    output(`${name}-after`, summary?.[name].after ?? 0);
  }
}
process.exitCode = status ?? 1;
